import pytest
import torch

from lichen.fusion.splice import from_states, with_step


def inputs(text):
    batch, mask, _offsets = text.tokens(["ada knows bob", "the eve"])
    return {"input_ids": batch["input_ids"], "attention_mask": mask.long()}


def by_hooks(text, layer, step):
    def replace(_module, _args, output):
        return (step(output[0]), *output[1:]) if isinstance(output, tuple) else step(output)

    handle = text.layers[layer - 1].register_forward_hook(replace)
    try:
        return text.model(**inputs(text)).last_hidden_state
    finally:
        handle.remove()


@pytest.mark.parametrize("layer", [1, 2, 3])
@torch.no_grad()
def test_a_step_after_a_layer_equals_a_forward_hook_there(any_text, layer):
    def step(states):
        return states * 1.5 + 0.25

    out = with_step(any_text.model, layer, step)(**inputs(any_text)).last_hidden_state
    assert torch.equal(out, by_hooks(any_text, layer, step))


@pytest.mark.parametrize("layer", [1, 2, 3])
@torch.no_grad()
def test_starting_from_kept_states_equals_the_whole_pass(any_text, layer):
    whole = any_text.model(**inputs(any_text)).last_hidden_state
    kept = any_text.states(["ada knows bob", "the eve"], layer=layer).states
    view = from_states(any_text.model, layer, kept, as_tuple=any_text.returns_tuple)
    assert torch.allclose(view(**inputs(any_text)).last_hidden_state, whole, atol=1e-6)


@torch.no_grad()
def test_the_backbone_itself_is_left_alone(any_text):
    before = any_text.model(**inputs(any_text)).last_hidden_state
    layers = list(any_text.layers)
    view = with_step(any_text.model, 2, torch.zeros_like)
    assert not torch.equal(view(**inputs(any_text)).last_hidden_state, before)
    assert torch.equal(any_text.model(**inputs(any_text)).last_hidden_state, before)
    assert all(a is b for a, b in zip(any_text.layers, layers, strict=True))
    assert {id(p) for p in view.parameters()} == {id(p) for p in any_text.model.parameters()}
