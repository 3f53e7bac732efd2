import pytest
import torch

from lichen.fusion.splice import run_layers


def inputs(text):
    batch, mask, _offsets = text.tokens(["ada knows bob", "the eve and the dan not near ada"])
    return {"input_ids": batch["input_ids"], "attention_mask": mask.long()}


def run(text, **more):
    return run_layers(text.model, inputs(text), as_tuple=text.returns_tuple, **more)


@torch.no_grad()
def test_all_layers_are_the_model(any_text):
    whole = any_text.model(**inputs(any_text)).last_hidden_state
    assert torch.equal(run(any_text), whole)


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
@torch.no_grad()
def test_stopping_gives_what_a_hook_sees_there(any_text, layer):
    seen = []
    if layer:
        module = any_text.layers[layer - 1]
        handle = module.register_forward_hook(lambda _m, _a, out: seen.append(out))
    else:
        handle = any_text.layers[0].register_forward_pre_hook(lambda _m, args: seen.append(args[0]))
    any_text.model(**inputs(any_text))
    handle.remove()
    want = seen[-1][0] if isinstance(seen[-1], tuple) else seen[-1]
    assert torch.equal(run(any_text, stop=layer), want)


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
@torch.no_grad()
def test_starting_from_given_states_equals_the_whole_pass(any_text, layer):
    whole = any_text.model(**inputs(any_text)).last_hidden_state
    given = run(any_text, stop=layer)
    assert torch.allclose(run(any_text, given=(layer, given)), whole, atol=1e-6)


@torch.no_grad()
def test_layer_by_layer_equals_the_whole_pass(any_text):
    states = run(any_text, stop=0)
    for layer in range(3):
        stop = None if layer == 2 else layer + 1
        states = run(any_text, given=(layer, states), stop=stop)
    assert torch.allclose(states, any_text.model(**inputs(any_text)).last_hidden_state, atol=1e-6)


@torch.no_grad()
def test_the_backbone_itself_is_left_alone(any_text):
    before = any_text.model(**inputs(any_text)).last_hidden_state
    layers = list(any_text.layers)
    run(any_text, given=(2, torch.zeros_like(before)))
    assert torch.equal(any_text.model(**inputs(any_text)).last_hidden_state, before)
    assert all(a is b for a, b in zip(any_text.layers, layers, strict=True))
