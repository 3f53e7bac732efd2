"""Lichen grows a language model and a knowledge graph into one model, and measures the gain.

Every public name is loaded on first use, so that `import lichen` is quick and needs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Graph": "lichen.data.graph",
    "GraphBuilder": "lichen.data.builder",
    "Vocabulary": "lichen.data.vocabulary",
    "Corpus": "lichen.data.corpus",
    "Document": "lichen.data.corpus",
    "Span": "lichen.data.corpus",
    "Mention": "lichen.data.corpus",
    "Candidate": "lichen.data.corpus",
    "environment": "lichen.jobs.environment",
}

__all__ = [
    "Candidate",
    "Corpus",
    "Document",
    "Graph",
    "GraphBuilder",
    "Mention",
    "Span",
    "Vocabulary",
    "environment",
]

if TYPE_CHECKING:
    from lichen.data.builder import GraphBuilder
    from lichen.data.corpus import Candidate, Corpus, Document, Mention, Span
    from lichen.data.graph import Graph
    from lichen.data.vocabulary import Vocabulary
    from lichen.jobs.environment import environment


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module 'lichen' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return [*__all__, "__version__"]
