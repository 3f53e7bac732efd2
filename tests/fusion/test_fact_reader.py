import pytest
import torch

from lichen.fusion.batch import Batcher
from lichen.fusion.fact_reader import FactReader
from lichen.fusion.item import unlabelled
from lichen.fusion.selection import FactSelector
from lichen.lm.token_states import STATE_TYPE


@pytest.mark.parametrize("hide", [False, True])
def test_a_fact_is_read_once_as_a_sentence(text, graph, samples, hide, monkeypatch):
    reader = FactReader(text, text, FactSelector(graph, limit=3), layer=2, hide_words=hide)
    asked = []
    plain = text.states

    def states(texts, layer):
        asked.extend(texts)
        return plain(texts, layer)

    monkeypatch.setattr(text, "states", states)
    item = item_of(text, graph, samples[0])
    found = reader.states([item, item], 2)
    assert found.shape == (2, 2, 3, 16)
    reader.states([item], 2)
    assert len(asked) == len(set(asked)) > 0
    words = asked[0]
    expected = plain([words], 2).states[0, 1:-1].mean(0)
    assert any(torch.allclose(row, expected, atol=2e-3) for row in found[0].flatten(0, 1))
    assert ("[UNK]" in words) is hide


def item_of(text, graph, sample):
    return Batcher(text, mentions=2, shown=FactSelector(graph, limit=3)).items([sample])[0]


def test_what_is_kept_of_a_text_is_what_is_read(text, graph, samples):
    reader = FactReader(text, text, FactSelector(graph, limit=3), layer=2)
    batcher = Batcher(text, mentions=2, shown=reader)
    items = batcher.items(samples)
    assert not reader.text.stores.get("moved 2")  # a model that is trained keeps nothing
    found = reader.moved(items, batcher.collate)
    one = reader.moved(items[:1], batcher.collate)[0]
    assert torch.equal(one, found[0])
    assert one.dtype == STATE_TYPE
    alone = FactReader(text, text, reader.selector, layer=2)
    text.stores.pop("moved 2")
    assert torch.allclose(alone.moved(items[:1], batcher.collate)[0], one, atol=2e-2)
    assert not found[2].any()  # no mention


def test_other_facts_of_the_same_text_are_read_anew(text, graph, samples):
    few, many = (FactReader(text, text, FactSelector(graph, limit=n), layer=2) for n in (1, 3))
    moved = []
    for reader in (few, many, few):
        batcher = Batcher(text, mentions=2, shown=reader)
        moved.append(reader.moved(batcher.items(unlabelled(samples[:1])), batcher.collate)[0])
    assert torch.equal(moved[0], moved[2])
    assert not torch.equal(moved[0], moved[1])


def test_memory_for_states_has_a_limit(text, graph, samples, monkeypatch):
    monkeypatch.setattr("lichen.fusion.kept.LIMIT_MIB", 0)
    reader = FactReader(text, text, FactSelector(graph, limit=3), layer=2)
    item = Batcher(text, mentions=2, shown=reader).items(samples[:1])[0]
    once, twice = (reader.states([item], 2) for _ in range(2))
    assert torch.equal(once, twice)
    assert once.any()
    assert not text.stores["facts 2"]
