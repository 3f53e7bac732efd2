import pytest
import torch

from lichen.base.errors import ConfigError
from lichen.lm.layers import layer_list, states_inside


@torch.no_grad()
def test_what_a_layer_gives_is_what_the_next_one_reads(packaged_text):
    model, ids = packaged_text.model, torch.tensor([[101, 2000, 102]])
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    kept = model(**batch, output_hidden_states=True).hidden_states
    hooks = [len(x._forward_hooks) + len(x._forward_pre_hooks) for x in layer_list(model)]
    for layer in (0, 1, packaged_text.num_layers):
        assert torch.equal(states_inside(model, batch, layer), kept[layer])
    after = [len(x._forward_hooks) + len(x._forward_pre_hooks) for x in layer_list(model)]
    assert after == hooks


def test_a_model_without_a_list_of_layers_is_refused(packaged_text):
    bare = torch.nn.Linear(2, 2)
    bare.config = packaged_text.model.config
    with pytest.raises(ConfigError, match="6 hidden layers in one list"):
        layer_list(bare)
