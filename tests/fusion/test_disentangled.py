import pytest
import torch
from transformers import DebertaConfig, DebertaModel, DebertaV2Config, DebertaV2Model

from lichen.fusion.disentangled import disentangled_states, is_disentangled

SIZES = {"vocab_size": 15, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
ROTATED = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "intermediate_size": 32}


def deberta(kind, config, **more):
    torch.manual_seed(0)
    model = kind(config(**SIZES, **more)).eval()
    for x in model.parameters():
        if x.dim() == 2:
            torch.nn.init.normal_(x, std=0.4)  # so that it matters where a token stands
    return model


@pytest.fixture(
    params=[
        (DebertaModel, DebertaConfig, {**ROTATED, "max_relative_positions": 12}),
        (DebertaV2Model, DebertaV2Config, {**ROTATED, "position_buckets": 4}),
        (DebertaV2Model, DebertaV2Config, {**ROTATED, "share_att_key": True}),
        (DebertaV2Model, DebertaV2Config, {**ROTATED, "position_biased_input": False}),
        (DebertaV2Model, DebertaV2Config, {"intermediate_size": 32}),
        (DebertaModel, DebertaConfig, {"intermediate_size": 32}),
    ],
    ids=["v1", "buckets", "shared", "no absolute positions", "absolute v2", "absolute v1"],
)
def backbone(request):
    kind, config, more = request.param
    return deberta(kind, config, **more)


@torch.no_grad()
def test_tokens_in_their_places_are_read_as_by_its_own_pass(backbone):
    ids = torch.tensor([[3, 7, 2, 9, 5, 4], [8, 1, 6, 0, 0, 0]])
    mask = torch.tensor([[1] * 6, [1, 1, 1, 0, 0, 0]])
    visible = mask[:, None, :].bool() & mask[:, :, None].bool() | torch.eye(6, dtype=torch.bool)
    places = torch.arange(6).expand(2, -1)
    found = disentangled_states(backbone, ids=ids, positions=places, visible=visible)
    plain = backbone(input_ids=ids, attention_mask=mask).last_hidden_state
    kept = mask.bool()
    assert torch.allclose(found[kept], plain[kept], atol=1e-4)


@torch.no_grad()
def test_where_tokens_lie_in_the_sequence_changes_nothing(backbone):
    ids, places = torch.tensor([[3, 7, 2, 9, 5, 4, 1]]), torch.arange(7).unsqueeze(0)
    sees = torch.rand((1, 7, 7), generator=torch.Generator().manual_seed(0)) < 0.7
    sees |= torch.eye(7, dtype=torch.bool)
    order = torch.tensor([4, 0, 6, 2, 5, 1, 3])
    told = disentangled_states(backbone, ids=ids, positions=places, visible=sees)
    moved = disentangled_states(
        backbone,
        ids=ids[:, order],
        positions=places[:, order],
        visible=sees[:, order][:, :, order],
    )
    assert torch.allclose(moved, told[:, order], atol=1e-4)
    elsewhere = disentangled_states(backbone, ids=ids, positions=places.flip(1), visible=sees)
    assert not torch.allclose(elsewhere, told, atol=1e-3)


def test_it_knows_its_kind(backbone, text):
    assert is_disentangled(backbone)
    assert not is_disentangled(text.model)
