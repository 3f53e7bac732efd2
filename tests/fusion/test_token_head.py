import torch

from lichen.fusion.head import HeadInput
from lichen.fusion.token_head import TokenHead


def test_a_token_is_judged_by_its_own_state_alone():
    torch.manual_seed(0)
    head = TokenHead(8, 5, hidden=6).eval()
    states = torch.randn(2, 4, 8)
    mask, owner = torch.ones(2, 4, dtype=torch.bool), torch.full((2, 4), -1)
    linked = torch.zeros(2, 1, dtype=torch.bool)
    logits, more = head(HeadInput(states, mask, owner, linked), None)
    assert logits.shape == (2, 4, 5)
    assert float(more) == 0.0
    changed = states.clone()
    changed[0, 1] += 1.0
    again, _ = head(HeadInput(changed, mask, owner, linked), None)
    differs = (again != logits).any(-1)
    assert differs.tolist() == [[False, True, False, False], [False] * 4]
