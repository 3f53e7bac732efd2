"""Attention of a training step: the quicker kernel where it is one, and the same result."""

import pytest
import torch
from torch.backends.cuda import flash_sdp_enabled, math_sdp_enabled
from torch.nn.functional import scaled_dot_product_attention

from lichen.lm.attention import SHORT, attention_of

CPU = torch.device("cpu")


def kernels(*, half=True, learns=True, tokens=SHORT, device=CPU):
    """Return whether plain products and the fused kernel may be taken."""
    half_here = torch.autocast("cpu", torch.bfloat16, enabled=half)
    with half_here, torch.set_grad_enabled(learns), attention_of(device, tokens=tokens):
        return math_sdp_enabled(), flash_sdp_enabled()


def test_a_step_in_half_precision_takes_plain_products():
    assert kernels() == (True, False)
    assert flash_sdp_enabled()  # what comes after is as before


@pytest.mark.parametrize(
    "other",
    [{"half": False}, {"learns": False}, {"tokens": SHORT + 1}, {"device": torch.device("meta")}],
    ids=["float32", "no step", "long", "elsewhere"],
)
def test_all_else_is_left_to_torch(other):
    assert kernels(**other) == (True, True)


def test_both_kernels_agree_in_value_and_gradient():
    parts = [torch.randn(2, 3, 9, 8, dtype=torch.bfloat16, requires_grad=True) for _ in range(3)]
    hidden = torch.zeros(2, 1, 9, 9, dtype=torch.bfloat16)
    hidden[:, :, :, 7:] = -torch.inf

    def step(tokens):
        with torch.autocast("cpu", torch.bfloat16), attention_of(CPU, tokens=tokens):
            out = scaled_dot_product_attention(*parts, attn_mask=hidden)
        return out.detach(), torch.autograd.grad(out.float().square().sum(), parts)

    (plain, plain_grads), (fused, fused_grads) = step(9), step(SHORT + 1)
    assert torch.allclose(plain, fused, atol=2e-2)
    for one, other in zip(plain_grads, fused_grads, strict=True):
        assert torch.allclose(one, other, atol=6e-2)
        assert one.abs().max() > 0.1
