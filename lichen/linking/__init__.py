"""Text to mentions: spans linked to the entities of a graph, or to nothing in it (NIL)."""

from lichen.linking.config import LinkConfig
from lichen.linking.linker import Linker

__all__ = ["LinkConfig", "Linker"]
