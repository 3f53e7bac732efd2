import pytest
import torch

from lichen.fusion.seen import seen_states, takes_positions
from lichen.lm import text_encoder


@torch.no_grad()
@pytest.mark.parametrize("at", [None, 1, 2])
def test_where_every_token_sees_what_it_always_sees_nothing_changes(any_text, at, monkeypatch):
    monkeypatch.setattr(text_encoder, "has_fast_half", lambda _device: False)  # it would round
    if not takes_positions(any_text.model):
        pytest.skip("this architecture takes no positions")
    ids = torch.arange(4, 10).repeat(2, 1)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    visible = torch.ones(2, 6, 6, dtype=torch.bool)
    found = seen_states(
        any_text,
        ids=ids if at is None else None,
        positions=torch.arange(6).repeat(2, 1) + any_text.first_position,
        visible=visible.tril() if any_text.is_causal else visible,
        given=None if at is None else (at, any_text.read(inputs, at)),
    )
    assert torch.allclose(found, any_text.read(inputs), atol=1e-4)
