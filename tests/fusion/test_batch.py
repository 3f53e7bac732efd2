import pytest
import torch

from lichen.base.errors import DataError
from lichen.data.corpus import Mention, Sample, Span
from lichen.fusion.batch import Batcher, token_mentions


def test_mentions_land_on_the_tokens_they_touch():
    offsets = torch.tensor([[0, 0], [0, 3], [3, 6], [7, 9], [10, 12], [0, 0]])
    mentions = [Mention(Span(0, 6), 1), Mention(Span(8, 12), 2)]
    assert token_mentions(offsets, mentions).tolist() == [-1, 0, 0, 1, 1, -1]


def test_a_batch_is_padded_and_keeps_each_sample(text, samples):
    batcher = Batcher(text, mentions=2, num_entities=4)
    batch = batcher.collate(batcher.items(samples))
    assert batch["input_ids"].shape == batch["mention_of"].shape == (4, 10)
    assert batch["attention_mask"].sum(1).tolist() == [5, 10, 5, 3]
    assert batch["mention_of"][0].tolist() == [-1, 0, -1, 1, *[-1] * 6]
    assert batch["entities"].tolist() == [[0, 1], [2, 3], [-1, -1], [1, -1]]
    assert batch["labels"].tolist() == [1, 0, 1, 0]
    assert "states" not in batch
    assert batch["input_ids"][3].tolist() == [2, 5, 3, *[0] * 7]


def test_kept_states_are_those_of_the_encoder(text, samples):
    batcher = Batcher(text, layer=2, mentions=2)
    batch = batcher.collate(batcher.items(samples))
    want = text.states([s.text for s in samples], layer=2)
    kept = batch["states"][want.mask]
    assert torch.allclose(kept, want.states[want.mask], atol=4e-3)
    assert batch["states"][~want.mask].abs().sum() == 0
    again = Batcher(text, layer=2).items(samples)
    assert again[0].tokens.states is batcher.items(samples)[0].tokens.states


def test_mentions_lost_to_truncation_are_counted(text):
    long = "the " * 30 + "ada"
    sample = Sample("1", long, (Mention(Span(0, 3), 0), Mention(Span(120, 123), 0)), None)
    batcher = Batcher(text)
    item = batcher.items([sample])[0]
    assert batcher.truncated == 1
    assert item.mention_of.tolist()[:3] == [-1, 0, -1]
    assert "labels" not in batcher.collate([item])


def test_both_kinds_of_lost_mentions_are_counted_beforehand_and_in_passing(text):
    short = Sample("1", "ada bob eve", tuple(Mention(Span(i, i + 3), 0) for i in (0, 4, 8)), None)
    long = "the " * 30 + "ada bob eve"
    late = tuple(Mention(Span(i, i + 3), 0) for i in (120, 124, 128))
    samples = [short, Sample("2", long, late, None), Sample("3", "the", (), None)]
    batcher = Batcher(text, mentions=2)
    lost = batcher.lost(samples)
    assert lost == (6, 2, 2, text.max_tokens, 2)
    assert (batcher.truncated, batcher.beyond) == (0, 0)
    batcher.items(samples)
    assert (batcher.truncated, batcher.beyond) == (lost.cut, lost.beyond)
    roomy = Batcher(text, mentions=3, room=2).lost(samples)
    assert (roomy.cut, roomy.beyond, roomy.max_tokens) == (3, 0, text.max_tokens - 2)


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([(0, 60)], "must lie inside the 7 characters"),
        ([(0, 3), (80, 90)], r"must lie inside the 7 characters of the text .* got \(80, 90\)"),
        ([(0, 3), (1, 3)], r"\(1, 3\) overlaps the one before, \(0, 3\)"),
    ],
)
def test_mentions_that_overlap_or_lie_outside_are_not_called_lost(text, spans, words):
    mentions = tuple(Mention(Span(*span), 0) for span in spans)
    with pytest.raises(DataError, match=f"document '1': mentions .*{words}"):
        Batcher(text).lost([Sample("1", "ada bob", mentions, None)])


def test_text_of_other_scripts_and_empty_text_pass(text):
    samples = [
        Sample("1", "维也纳 😀", (Mention(Span(0, 3), 1),), 0),
        Sample("2", "", (), 0),
        Sample("3", "שלום ada", (Mention(Span(5, 8), 0),), 0),
    ]
    batcher = Batcher(text)
    batch = batcher.collate(batcher.items(samples))
    assert (batch["mention_of"] == 0).sum(1).tolist() == [1, 0, 1]


def test_entities_of_another_graph_are_refused(text):
    sample = Sample("a7", "ada", (Mention(Span(0, 3), 9),), 0)
    with pytest.raises(DataError, match=r"'a7'.*below 4.*got 9"):
        Batcher(text, num_entities=4).items([sample])
