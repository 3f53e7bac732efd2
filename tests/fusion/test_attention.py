import torch

from lichen.fusion.attention import AttentionFusion


def slow(layer, x, e, linked):
    out = x.clone()
    for i in [k for k in range(len(x)) if linked[k]]:
        scores, values = [layer.nothing], [torch.zeros(layer.dim)]
        for j in [k for k in range(len(x)) if linked[k]]:
            score = layer.query(x[i]) @ layer.key(e[j]) / layer.key.out_features**0.5
            scores.append(score + (layer.own if i == j else 0.0))
            values.append(layer.write(e[j]))
        weights = torch.stack(scores).softmax(0)
        out[i] = x[i] + sum(w * v for w, v in zip(weights, values, strict=True))
    return out


def test_it_is_the_formula(by_token):
    torch.manual_seed(0)
    layer = AttentionFusion(6, 4)
    torch.nn.init.normal_(layer.query.weight)
    x, e = torch.randn(1, 5, 6), torch.randn(1, 5, 4)
    linked = torch.tensor([[True, False, True, True, False]])
    out = layer.read_in(x, by_token(e, linked))
    assert torch.allclose(out[0], slow(layer, x[0], e[0], linked[0]), atol=1e-5)


def test_the_empty_slot_can_take_everything(by_token):
    layer = AttentionFusion(6, 4)
    with torch.no_grad():
        layer.nothing.fill_(1e4)
    x = torch.randn(1, 3, 6)
    known = by_token(torch.randn(1, 3, 4), torch.ones(1, 3, dtype=torch.bool))
    assert torch.allclose(layer.read_in(x, known), x)
