import copy
import sys

import pytest
import torch

from lichen.base.errors import MissingExtraError
from lichen.lm.lora import add_lora, is_lora, merge_lora

WORDS = ["the Danube flows through Vienna", "one"]


def states(model, text):
    batch, *_ = text.tokens(WORDS)
    return model(**batch).last_hidden_state


@pytest.fixture
def adapted(packaged_text):
    model = copy.deepcopy(packaged_text.model)
    add_lora(model, 4, seed=1)
    return model


def test_adapters_start_at_nothing_and_alone_are_trained(adapted, packaged_text):
    assert torch.equal(states(adapted, packaged_text), states(packaged_text.model, packaged_text))
    trained = {name for name, p in adapted.named_parameters() if p.requires_grad}
    assert trained == {name for name, _ in adapted.named_parameters() if is_lora(name)}
    linear = sum(isinstance(m, torch.nn.Linear) for m in packaged_text.model.modules())
    assert len(trained) == 2 * linear


def test_a_seed_gives_its_start_and_leaves_the_global_state_alone(packaged_text):
    before = torch.random.get_rng_state()
    found = []
    for seed in (1, 1, 2):
        model = copy.deepcopy(packaged_text.model)
        add_lora(model, 2, seed=seed)
        found.append(next(p for name, p in model.named_parameters() if "lora_A" in name))
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_merged_layers_are_plain_and_give_the_same(adapted, packaged_text):
    plain = states(packaged_text.model, packaged_text).double()
    adapted.double()  # two orders of adding up agree far below any change of the adapters
    draw = torch.Generator().manual_seed(3)
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.02, generator=draw)
    expected = states(adapted, packaged_text)
    assert not torch.allclose(expected, plain, atol=1e-2)
    merge_lora(adapted)
    assert torch.allclose(states(adapted, packaged_text), expected, atol=1e-9)
    assert adapted.state_dict().keys() == packaged_text.model.state_dict().keys()


def test_without_peft_the_install_line_is_shown(packaged_text, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lichen\[lora\]'"):
        add_lora(packaged_text.model, 2, seed=0)
