"""What every scorer offers, and how a name becomes one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from inspect import signature
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ConfigError
from lichen.embedding import SCORERS
from lichen.embedding.compare import Comparison, all_with_all

START_SIZE = 0.05
"""Standard deviation of a new vector's coordinates."""
NUMBERS_AT_ONCE = 16_000_000
"""Numbers that are held while facts are scored one by one with every relation."""


class Scorer(nn.Module, ABC):
    """A formula that says how plausible a fact is.

    It is written as a query, made of head and relation, that meets tail vectors by a
    `Comparison`; rankings and losses against many entities need nothing else. Most scorers have
    no weights of their own; those that do (a core tensor, filters) hold them as parameters.

    Vectors are `(..., width)`; leading shapes broadcast. All scores: higher = more plausible.

    Args:
        dim: numbers an entity, as the user chose it.
    """

    comparison: Comparison
    """How a query meets a candidate."""
    entity_width: int
    """Numbers an entity takes."""
    relation_width: int
    """Numbers a relation takes."""
    is_bilinear: ClassVar[bool] = False
    """True when `score(h, r, t)` is the inner product of `interaction(h, t)` with r."""
    asks_heads: ClassVar[bool] = True
    """False when (?, r, t) can only be asked through the reverse relation."""
    weights_rate: ClassVar[float] = 1.0
    """Share of the learning rate at which its own weights move."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.entity_width = self.relation_width = dim

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"dim={self.dim}"

    @abstractmethod
    def tail_query(self, h: Tensor, r: Tensor) -> Tensor:
        """Return what (h, r, ?) looks for: `(..., width)` each -> `(..., query width)`."""

    def head_query(self, r: Tensor, t: Tensor) -> Tensor:
        """Return what (?, r, t) looks for: `(..., width)` each -> `(..., query width)`.

        Raises:
            ConfigError: the formula has no such query; `asks_heads` is False.
        """
        del r, t
        raise ConfigError(
            f"scorer {type(self).__name__}: heads can only be asked for by a reverse relation. "
            "Use reciprocal=True."
        )

    def tail_queries(self, h: Tensor, table: Tensor, rows: Tensor) -> Tensor:
        """Return the queries (h, table[rows], ?): `(b, width)`, `(relations, width)`, `(b,)`.

        The same as `tail_query`, for scorers whose relations are too wide to copy one a row.
        """
        return self.tail_query(h, table.index_select(0, rows))

    def head_queries(self, table: Tensor, rows: Tensor, t: Tensor) -> Tensor:
        """Return the queries (?, table[rows], t), as `tail_queries` does."""
        return self.head_query(table.index_select(0, rows), t)

    def as_tails(self, entities: Tensor) -> Tensor:
        """Return entities as candidate tails: `(..., entity width)` -> `(..., query width)`."""
        return entities

    def as_heads(self, entities: Tensor) -> Tensor:
        """Return entities as candidate heads: `(..., entity width)` -> `(..., query width)`."""
        return entities

    def score(self, h: Tensor, r: Tensor, t: Tensor) -> Tensor:
        """Score facts one by one: `(..., width)` each -> `(...)`."""
        return self.comparison.pairs(self.tail_query(h, r), self.as_tails(t))

    def score_tails(self, h: Tensor, r: Tensor, entities: Tensor) -> Tensor:
        """Score every entity as tail: `(batch, width)` each -> `(batch, entities)`."""
        return all_with_all(self.comparison, self.tail_query(h, r), self.as_tails(entities))

    def score_heads(self, r: Tensor, t: Tensor, entities: Tensor) -> Tensor:
        """Score every entity as head: `(batch, width)` each -> `(batch, entities)`."""
        return all_with_all(self.comparison, self.head_query(r, t), self.as_heads(entities))

    def score_relations(self, h: Tensor, t: Tensor, relations: Tensor) -> Tensor:
        """Score every relation: `(batch, width)`, `(relations, width)` -> `(batch, relations)`."""
        if self.is_bilinear:
            return self.interaction(h, t) @ relations.T
        size = self.pairs_at_once(len(relations))
        blocks = [slice(start, start + size) for start in range(0, max(1, len(h)), size)]
        return torch.cat([self.score(h[x, None], relations, t[x, None]) for x in blocks])

    def pairs_at_once(self, num_relations: int) -> int:
        """Return how many heads and tails meet every relation without holding too many numbers."""
        return max(1, NUMBERS_AT_ONCE // (self.numbers_held * max(1, num_relations)))

    @property
    def numbers_held(self) -> int:
        """Return about how many numbers are held to score one fact."""
        return self.entity_width

    def interaction(self, h: Tensor, t: Tensor) -> Tensor:
        """Combine head and tail: `(..., entity width)` -> `(..., relation width)`.

        Of a bilinear scorer its inner product with r is the score.

        Raises:
            ConfigError: the scorer is not bilinear.
        """
        del h, t
        raise ConfigError(
            f"scorer {type(self).__name__}: head and tail cannot be combined before the relation "
            "is known. Use `score`."
        )

    def implied_head(self, r: Tensor, t: Tensor) -> Tensor:
        """Return the head a fact asks for: `(..., width)` each -> `(..., entity width)`."""
        return self.head_query(r, t)

    def implied_tail(self, h: Tensor, r: Tensor) -> Tensor:
        """Return the tail a fact asks for: `(..., width)` each -> `(..., entity width)`."""
        return self.tail_query(h, r)

    def moduli(self, vectors: Tensor) -> Tensor:
        """Return the coordinates' sizes, for N3: `(..., entity width)` -> `(..., parts)`."""
        return vectors.abs()

    def relation_moduli(self, vectors: Tensor) -> Tensor:
        """Return the coordinates' sizes, for N3: `(..., relation width)` -> `(..., parts)`.

        As of entities, unless a relation is made of something else.
        """
        return self.moduli(vectors)

    def start_entities(self, count: int, draw: torch.Generator) -> Tensor:
        """Return the vectors of new entities: `(count, entity width)`."""
        return torch.randn((count, self.entity_width), generator=draw).mul_(START_SIZE)

    def start_relations(self, count: int, draw: torch.Generator) -> Tensor:
        """Return the vectors of new relations: `(count, relation width)`."""
        return torch.randn((count, self.relation_width), generator=draw).mul_(START_SIZE)


def make_scorer(name: str, dim: int, **settings: Any) -> Scorer:
    """Return the scorer of that name.

    Args:
        name: a key of `lichen.embedding.SCORERS`.
        dim: numbers an entity.
        **settings: the method's own settings, such as `norm` of TransE.

    Returns:
        The scorer.

    Raises:
        ChoiceError: no such scorer; the message suggests the nearest.
        ConfigError: `dim` does not fit the scorer, or it has no such setting or value.

    >>> make_scorer("transe", 8, norm=2)
    TransE(dim=8, norm=2)
    """
    module, _, class_name = choose("scorer", name, SCORERS).partition(":")
    kind = getattr(import_module(module), class_name)
    parameters = signature(kind).parameters
    own = [key for key in parameters if key != "dim"]
    for key, value in settings.items():
        if key not in own:
            raise ConfigError(
                f"{name}: a setting must be {' or '.join(own) or 'left out, for it has none'}; "
                f"got {key!r}."
            )
        if isinstance(parameters[key].default, bool):
            check.truth(f"{name}: {key}", value)
    return cast("Scorer", kind(dim, **settings))
