import pytest
import torch

from lichen.fusion.batch import Batcher
from lichen.fusion.passage import Passage


def passage(text, samples, at, layer):
    batcher = Batcher(text, layer=layer)
    return Passage(text, batcher.collate(batcher.items(samples)), at=at)


@pytest.mark.parametrize(("at", "layer"), [(None, -1), (0, 0), (2, 2)])
@torch.no_grad()
def test_before_and_after_make_the_whole_pass(any_text, samples, at, layer):
    kept, fresh = (passage(any_text, samples, at, x) for x in (layer, None))
    whole = any_text.states([s.text for s in samples])
    for one in (kept, fresh):
        out = one.after(one.before())
        assert torch.allclose(out[whole.mask], whole.states[whole.mask], atol=3e-2)


@torch.no_grad()
def test_layers_one_by_one_make_the_whole_pass(text, samples):
    one = passage(text, samples, 0, 0)
    states = one.before()
    for layer in range(3):
        states = one.between(states, layer, None if layer == 2 else layer + 1)
    assert torch.allclose(states, one.after(one.before()), atol=3e-2)


@torch.no_grad()
def test_more_states_that_may_not_be_looked_at_change_nothing(any_text, samples):
    one = passage(any_text, [samples[0], *samples[2:]], 1, 1)  # none longer than a window
    states = one.before()
    longer = torch.cat([states, torch.randn(len(states), 2, 16)], 1)
    hidden = torch.full((len(states), 2), -1)
    mask = one.batch["attention_mask"].bool()
    out = one.after(longer, behind=hidden)[:, :-2]
    assert torch.allclose(out[mask], one.after(states)[mask], atol=3e-2)


@torch.no_grad()
def test_where_further_states_are_read_hangs_on_their_text_alone(any_text, samples):
    short, long = sorted(samples, key=lambda sample: len(sample.text))[:: len(samples) - 1]
    found = []
    for batch in ([short], [short, long]):
        one = passage(any_text, batch, 1, 1)
        states = one.before()
        more = states[:, 1:2] + 1.0
        behind = torch.ones(len(states), 1, dtype=torch.long)
        out = one.after(torch.cat([states, more], 1), behind=behind)
        own = one.batch["attention_mask"][0].bool()
        found.append(torch.cat([out[0, :-1][own], out[0, -1:]]))
    assert len(found[0]) < states.shape[1] + 1  # the other text is longer
    assert torch.allclose(*found, atol=3e-2)


@torch.no_grad()
def test_a_further_state_is_read_as_a_token_behind_its_own(any_text, samples):
    """A token taken out and given back at its place makes the text that it came from."""
    if any_text.is_causal:
        return
    one = passage(any_text, samples[:1], 1, 1)
    states, size = one.before(), one.batch["input_ids"].shape[1]
    want = one.after(states)
    kept = torch.tensor([0, *range(2, size)])
    one.batch = {key: one.batch[key][:, kept] for key in ("input_ids", "attention_mask")}
    moved = torch.cat([states[:, :1], states[:, 2:], states[:, 1:2]], 1)
    out = one.after(moved, behind=torch.zeros(1, 1, dtype=torch.long))
    again = torch.cat([out[:, :1], out[:, -1:], out[:, 1:-1]], 1)
    assert torch.allclose(again, want, atol=3e-2)


@torch.no_grad()
def test_hidden_words_within_a_text_leave_what_comes_after_them(text, samples):
    one = passage(text, samples[:1], 1, 1)
    states, size = one.before(), one.batch["input_ids"].shape[1]
    one.batch["attention_mask"] = one.batch["attention_mask"].clone()
    one.batch["attention_mask"][:, 1 : size - 2] = 0
    longer = torch.cat([states, torch.randn(1, 2, 16)], 1)
    out = one.after(longer, behind=torch.full((1, 2), -1))[:, :-2]
    seen = one.batch["attention_mask"].bool()
    assert torch.allclose(out[seen], one.after(states)[seen], atol=3e-2)
