import pytest

from lichen.fusion.branches import Branches
from lichen.fusion.config import FusedConfig
from lichen.fusion.fact_reader import FactReader
from lichen.fusion.selection import FactSelector
from lichen.fusion.worded import shown_facts


@pytest.mark.parametrize(
    ("fusion", "at", "kind"),
    [
        ("neighbours", "output", FactSelector),
        ("neighbours", 1, FactSelector),
        ("input", "input", Branches),
        ("input", 2, FactReader),
    ],
)
def test_a_method_is_shown_what_it_reads(text, graph, fusion, at, kind):
    config = FusedConfig(fusion=fusion, at=at, facts=2, hops=2)
    shown = shown_facts(config, graph, text, text)
    assert type(shown) is kind
    selector = shown if kind is FactSelector else shown.selector
    assert (selector.limit, selector.hops) == (2, 2)
    if kind is FactReader:
        assert shown.layer == 2


def test_who_was_given_reads_the_facts_and_tells_their_relevance(text, any_text, graph):
    config = FusedConfig(fusion="input", at=2, select="relevance")
    shown = shown_facts(config, graph, text, any_text, hide_words=True)
    assert shown.text is text
    assert shown.reader is any_text is shown.selector.text
    assert shown.hide_words
