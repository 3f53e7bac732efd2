"""What a model's batches show of the facts: vectors, words in the text, or words read apart."""

from __future__ import annotations

from lichen.data.graph import Graph
from lichen.fusion.branches import Branches
from lichen.fusion.config import FusedConfig
from lichen.fusion.fact_reader import FactReader
from lichen.fusion.selection import FactSelector
from lichen.lm.text_encoder import TextEncoder

Shown = FactSelector | Branches | FactReader


def shown_facts(
    config: FusedConfig,
    graph: Graph,
    text: TextEncoder,
    reader: TextEncoder,
    *,
    hide_words: bool = False,
) -> Shown:
    """Return what chooses the facts, and words them where the method wants words.

    Args:
        config: the model's settings.
        graph: the facts.
        text: the language model.
        reader: the same as it was given, which tells relevance and reads facts apart.
        hide_words: tell only how many facts and words there are.

    Raises:
        ConfigError: the language model cannot be told positions, and the method wants that.
    """
    selector = FactSelector(
        graph, limit=config.facts, hops=config.hops, how=config.select, text=reader
    )
    if config.fusion != "input":
        return selector
    if not config.point:
        return Branches(text, selector, hide_words=hide_words)
    return FactReader(text, reader, selector, layer=config.point, hide_words=hide_words)
