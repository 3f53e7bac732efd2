"""Every graph layer beside its formula, written edge by edge."""

import pytest
import torch

from lichen.base.errors import ChoiceError
from lichen.embedding.gnn import LAYERS
from lichen.embedding.gnn.layer import Messages, make_layer

pytest.importorskip("torch_geometric")
DIM, NODES, TARGETS, RELATIONS = 4, 6, 3, 4
EDGES = [(3, 0, 0), (4, 1, 0), (1, 0, 0), (5, 3, 1), (0, 1, 1), (3, 1, 2), (4, 1, 2)]


def by_hand_gcn(layer, x, degree):
    weight = layer.layer.lin.weight
    rows = []
    for v in range(TARGETS):
        total = x[v] / (degree[v] + 1)
        for u, _, t in EDGES:
            if t == v:
                total = total + x[u] / ((degree[u] + 1) * (degree[v] + 1)).sqrt()
        rows.append(weight @ total + layer.layer.bias)
    return torch.stack(rows)


def by_hand_sage(layer, x, degree):
    del degree
    near, own = layer.layer.lin_l, layer.layer.lin_r
    means = [torch.stack([x[u] for u, _, t in EDGES if t == v]).mean(0) for v in range(TARGETS)]
    return near(torch.stack(means)) + own(x[:TARGETS])


def by_hand_gat(layer, x, degree):
    del degree
    conv = layer.layer
    values = conv.lin(x).view(NODES, conv.heads, -1)
    rows = []
    for v in range(TARGETS):
        near = [u for u, _, t in EDGES if t == v] + [v]
        heads = []
        for k in range(conv.heads):
            said = torch.stack(
                [
                    values[u, k] @ conv.att_src[0, k] + values[v, k] @ conv.att_dst[0, k]
                    for u in near
                ]
            )
            share = torch.nn.functional.leaky_relu(said, 0.2).softmax(0)
            heads.append(sum(a * values[u, k] for a, u in zip(share, near, strict=True)))
        rows.append(torch.cat(heads) + conv.bias)
    return torch.stack(rows)


def by_hand_gin(layer, x, degree):
    del degree
    rows = [
        (1 + layer.layer.eps) * x[v] + sum(x[u] for u, _, t in EDGES if t == v)
        for v in range(TARGETS)
    ]
    return layer.layer.nn(torch.stack(rows))


def by_hand_rgcn(layer, x, degree):
    del degree
    conv = layer.layer
    matrices = torch.einsum("rb,bij->rij", conv.comp, conv.weight)
    rows = []
    for v in range(TARGETS):
        total = x[v] @ conv.root + conv.bias
        for r in range(RELATIONS):
            near = [x[u] for u, by, t in EDGES if t == v and by == r]
            if near:
                total = total + torch.stack(near).mean(0) @ matrices[r]
        rows.append(total)
    return torch.stack(rows)


BY_HAND = {
    "gcn": by_hand_gcn,
    "sage": by_hand_sage,
    "gat": by_hand_gat,
    "gin": by_hand_gin,
    "rgcn": by_hand_rgcn,
}


@pytest.fixture
def messages():
    source, relation, target = zip(*EDGES, strict=True)
    return Messages(
        edges=torch.tensor([source, target]),
        relation=torch.tensor(relation),
        share=torch.ones(len(EDGES)),
        of_mean=torch.ones(len(EDGES)),
        degree=torch.tensor([3.0, 2.0, 2.0, 5.0, 4.0, 1.0]),
        num_targets=TARGETS,
    )


def test_every_layer_has_a_formula_written_by_hand():
    assert set(BY_HAND) == set(LAYERS)


@pytest.mark.parametrize("name", LAYERS)
def test_equals_the_formula_and_has_gradients(name, messages):
    torch.manual_seed(4)
    layer = make_layer(name, DIM, num_relations=RELATIONS)
    assert layer.PAPER
    states = torch.randn(NODES, DIM, requires_grad=True)
    found = layer(states, messages)
    torch.testing.assert_close(found, BY_HAND[name](layer, states, messages.degree))
    found.sum().backward()
    assert states.grad.abs().sum() > 0
    assert all(weight.grad is not None for weight in layer.parameters())


@pytest.mark.parametrize("name", LAYERS)
def test_nodes_without_edges_have_a_state(name):
    none = Messages(
        edges=torch.empty(2, 0, dtype=torch.long),
        relation=torch.empty(0, dtype=torch.long),
        share=torch.empty(0),
        of_mean=torch.empty(0),
        degree=torch.zeros(2),
        num_targets=2,
    )
    layer = make_layer(name, DIM, num_relations=RELATIONS)
    assert torch.isfinite(layer(torch.randn(2, DIM), none)).all()


@pytest.mark.parametrize("name", ["gcn", "gin"])
def test_a_drawn_edge_stands_for_those_left_out(name, messages):
    layer = make_layer(name, DIM, num_relations=RELATIONS)
    states = torch.randn(NODES, DIM)
    twice = messages._replace(
        edges=messages.edges.repeat(1, 2),
        relation=messages.relation.repeat(2),
        share=messages.share.repeat(2),
        of_mean=messages.of_mean.repeat(2),
    )
    once = layer(states, messages._replace(share=2 * messages.share))
    torch.testing.assert_close(once, layer(states, twice))


def test_an_unknown_layer_is_told_the_nearest():
    with pytest.raises(ChoiceError, match="Did you mean 'rgcn'"):
        make_layer("rgcm", DIM, num_relations=RELATIONS)
