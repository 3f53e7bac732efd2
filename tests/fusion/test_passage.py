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
    hidden = torch.zeros(len(states), 2, dtype=torch.bool)
    mask = one.batch["attention_mask"].bool()
    out = one.after(longer, more=hidden)[:, :-2]
    assert torch.allclose(out[mask], one.after(states)[mask], atol=3e-2)
