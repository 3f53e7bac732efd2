import torch

from lichen.fusion.gate import GateFusion


def test_it_is_the_formula(by_token):
    torch.manual_seed(0)
    gate = GateFusion(3, 2)
    torch.nn.init.normal_(gate.gate.weight)
    x, e = torch.randn(1, 1, 3), torch.randn(1, 1, 2)
    out = gate.read_in(x, by_token(e, torch.tensor([[True]])))
    g = torch.sigmoid(gate.gate.weight[0] @ torch.cat([x[0, 0], e[0, 0]]) + gate.gate.bias[0])
    assert torch.allclose(out[0, 0], x[0, 0] + g * (gate.write.weight @ e[0, 0]), atol=1e-6)


def test_a_closed_gate_leaves_the_token(by_token):
    gate = GateFusion(3, 2)
    torch.nn.init.constant_(gate.gate.bias, -100.0)
    x = torch.randn(1, 2, 3)
    known = by_token(torch.randn(1, 2, 2), torch.tensor([[True, True]]))
    assert torch.allclose(gate.read_in(x, known), x)
