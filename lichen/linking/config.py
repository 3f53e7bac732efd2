"""The settings of entity linking."""

from __future__ import annotations

from dataclasses import dataclass

from lichen.base import check


@dataclass(frozen=True, kw_only=True)
class LinkConfig:
    """How mentions find their entities; the `[link]` table of a job file."""

    candidates: int = 16
    """Entities kept for a mention. Cost grows with this number."""
    min_probability: float = 0.5
    """A mention whose best entity is less likely than this stays unlinked (0 to 1)."""
    min_similarity: float = 0.8
    """How alike a misspelt mention and a name must be: 1 - edits / length (0 to 1)."""
    misspelt: bool = True
    """Whether to look for names that are spelt wrongly. Costs about a millisecond a question."""
    keep_nil: bool = True
    """Whether to report mentions of nothing in the graph, as mentions without an entity."""
    context_chars: int = 240
    """Characters around a mention that are compared with what is known of its candidates."""
    vector_candidates: int = 0
    """Entities found by meaning for a span with no near name; 0 is off. The first use encodes
    every entity's name and description."""
    min_cosine: float = 0.5
    """How near in meaning such an entity must be (-1 to 1)."""

    def __post_init__(self) -> None:
        """Refuse values that could only fail later, deep inside a run."""
        check.whole("link.candidates", self.candidates, 1, 10_000)
        check.between("link.min_probability", self.min_probability, 0.0, 1.0)
        check.between("link.min_similarity", self.min_similarity, 0.0, 1.0)
        check.whole("link.context_chars", self.context_chars, 1, 100_000)
        check.whole("link.vector_candidates", self.vector_candidates, 0, 10_000)
        check.between("link.min_cosine", self.min_cosine, -1.0, 1.0)
