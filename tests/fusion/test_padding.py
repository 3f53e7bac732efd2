import pytest
import torch
from torch import nn

from lichen.fusion import padding
from lichen.fusion.padding import in_parts


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch):
    monkeypatch.setattr(padding, "MANY", 1)


@pytest.fixture
def layer():
    torch.manual_seed(0)
    made = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, dropout=0.0, batch_first=True)
    return lambda states, mask: made(states, src_key_padding_mask=~mask)


def batch(lengths, *, more=0):
    """Give states and their mask; `more` tokens at the end are there in every other text."""
    generator = torch.Generator().manual_seed(1)
    longest = max(lengths) + more
    mask = torch.arange(longest) < torch.tensor(lengths)[:, None]
    mask[::2, longest - more :] = True
    return torch.randn(len(lengths), longest, 8, generator=generator), mask


@pytest.mark.parametrize("more", [0, 2])
def test_what_layers_make_of_tokens_is_the_same_in_parts(layer, monkeypatch, more):
    monkeypatch.setattr(padding, "PART", 3)
    states, mask = batch([5, 1, 9, 2, 9, 3, 4, 1], more=more)
    found = {}
    for name, run in (("whole", layer), ("parts", lambda s, m: in_parts(layer, s, m))):
        asked = states.clone().requires_grad_()
        out = run(asked, mask)[mask]
        out.square().sum().backward()
        found[name] = out, asked.grad[mask]
    for whole, parts in zip(found["whole"], found["parts"], strict=True):
        torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-5)


def test_texts_of_one_length_stand_together(monkeypatch):
    monkeypatch.setattr(padding, "PART", 2)
    states, mask = batch([2, 6, 3, 6])
    seen = []

    def run(some, its_mask):
        seen.append(tuple(its_mask.shape))
        return some

    out = in_parts(run, states, mask)
    assert seen == [(2, 3), (2, 6)]
    assert torch.equal(out[mask], states[mask])
    assert not out[0, 3:].any()


def test_few_texts_stay_together():
    states, mask = batch([2, 6])
    assert in_parts(lambda s, _: s, states, mask) is states


def test_texts_of_about_one_length_go_through_whole(monkeypatch):
    monkeypatch.setattr(padding, "PART", 2)
    states, mask = batch([5, 6, 5, 6])
    seen = []
    in_parts(lambda some, _: seen.append(some.shape[:2]) or some, states, mask)
    assert seen == [(4, 6)]


def test_a_batch_of_few_tokens_goes_through_whole(monkeypatch):
    monkeypatch.setattr(padding, "PART", 2)
    monkeypatch.setattr(padding, "MANY", 25)
    states, mask = batch([1, 6, 1, 6])  # 24 tokens, padding included
    assert in_parts(lambda s, _: s, states, mask) is states
