import torch

from lichen.fusion import kept
from lichen.fusion.kept import computed_once


def asking(text, asked):
    def compute(rows):
        asked.append(rows)
        return [torch.tensor([float(i)]) for i in rows]

    def ask(keys, lengths):
        return computed_once(text, "told", keys, compute, lengths=lengths, what="telling")

    return ask


def test_each_key_is_computed_once_short_ones_first(text, monkeypatch):
    monkeypatch.setattr(kept, "PART", 2)
    asked = []
    ask = asking(text, asked)
    found = ask(["b", "a", "b", "c"], [5, 9, 5, 1])
    assert asked == [[3, 2], [1]]
    assert torch.cat(found).tolist() == [2.0, 1.0, 2.0, 3.0]
    assert torch.cat(ask(["a", "d"], [9, 1])).tolist() == [1.0, 1.0]
    assert asked[2:] == [[1]]


def test_over_the_limit_nothing_more_is_kept(text, monkeypatch):
    asked = []
    ask = asking(text, asked)
    ask(["a"], [1])
    monkeypatch.setattr(kept, "LIMIT_MIB", 4 / 2**20)
    for _ in range(2):
        assert torch.cat(ask(["b", "a"], [1, 1])).tolist() == [0.0, 0.0]
    assert asked == [[0], [0], [0]]
    assert list(text.stores["told"]) == ["a"]
