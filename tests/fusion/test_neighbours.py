import torch

from lichen.fusion.neighbours import NeighbourFusion


def slow(layer, x, e, facts, is_fact):
    scores, values = [], []
    query, scale = layer.query(x), layer.entity_key.out_features**0.5
    for fact, there in zip(facts, is_fact, strict=True):
        if there:
            scores.append(query @ layer.fact_key(fact) / scale)
            values.append(layer.fact_value(fact))
    scores += [query @ layer.entity_key(e) / scale, layer.nothing]
    values += [layer.write(e), torch.zeros(layer.dim)]
    weights = torch.stack(scores).softmax(0)
    return x + sum(w * v for w, v in zip(weights, values, strict=True))


def test_it_is_the_formula(by_token):
    torch.manual_seed(0)
    layer = NeighbourFusion(6, 4, fact_dim=9)
    for part in (layer.query, layer.fact_value):
        torch.nn.init.normal_(part.weight)
    x, e, facts = torch.randn(1, 3, 6), torch.randn(1, 3, 4), torch.randn(1, 3, 2, 9)
    is_fact = torch.tensor([[[True, True], [False, False], [True, False]]])
    known = by_token(e, torch.ones(1, 3, dtype=torch.bool), facts, is_fact)
    out = layer.read_in(x, known)
    for i in range(3):
        want = slow(layer, x[0, i], e[0, i], facts[0, i], is_fact[0, i])
        assert torch.allclose(out[0, i], want, atol=1e-5)
