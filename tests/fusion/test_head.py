import pytest
import torch

from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.head import HeadInput, PairsHead, pool


def seen(draw_seed=0, rows=3):
    draw = torch.Generator().manual_seed(draw_seed)
    mention_of = torch.tensor([[-1, 0, 0, 1, -1], [-1, 0, -1, -1, -1], [-1, -1, -1, -1, -1]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 1, 0, 0, 0]]).bool()
    linked = torch.tensor([[True, True], [True, False], [False, False]])
    states = torch.randn(3, 5, 16, generator=draw)
    return HeadInput(*(x[:rows] for x in (states, mask, mention_of, linked)))


def head(nodes, **more):
    torch.manual_seed(0)
    settings = {"nodes": nodes, "mentions": 2, "hidden": 8, "drop": 0.1, **more}
    return PairsHead(16, 3, **settings)


def test_pooling_is_the_mean_over_each_part():
    given = seen()
    outside, at, present = pool(given, 2)
    assert torch.allclose(outside[0], given.states[0, [0, 4]].mean(0), atol=1e-6)
    assert torch.allclose(outside[1], given.states[1, [0, 2]].mean(0), atol=1e-6)
    assert torch.allclose(at[0, 0], given.states[0, [1, 2]].mean(0), atol=1e-6)
    assert present.tolist() == [[True, True], [True, False], [False, False]]


@pytest.mark.parametrize("scorer", ["complex", "distmult", "transe"])
def test_judgements_are_the_scorers_own(graph, scorer):
    nodes = GraphEncoder(scorer, graph, dim=8)
    one, two = nodes.vectors([0, 1]), nodes.vectors([1, 2])
    there, back = head(nodes)._scores(one, two, nodes)
    for r in range(nodes.num_relations):
        assert torch.allclose(there[:, r], nodes.score([0, 1], [r, r], [1, 2]), atol=1e-5)
        for row, (h, t) in enumerate([(0, 1), (1, 2)]):
            want = nodes.score_heads([r], [t])[0, h]
            assert torch.allclose(back[row, r], want, atol=1e-4)


def test_padding_and_other_rows_change_nothing(nodes):
    layer = head(nodes).eval()
    whole, _ = layer(seen(), nodes)
    single, _ = layer(seen(rows=1), nodes)
    assert torch.allclose(whole[:1], single, atol=1e-6)
    given = seen()
    dirty = torch.where(given.mask.unsqueeze(-1), given.states, 99.0)
    assert torch.allclose(layer(given._replace(states=dirty), nodes)[0], whole, atol=1e-5)


def test_training_works_with_one_pair_no_pair_and_no_graph(nodes):
    layer = head(nodes).train()
    for rows in (3, 1):
        logits, loss = layer(seen(rows=rows), nodes)
        (logits.sum() + loss).backward()
        assert torch.isfinite(logits).all()
        assert loss > 0
    none = seen()._replace(linked=torch.zeros(3, 2, dtype=torch.bool))
    assert layer(none, nodes)[1] == 0
    bare = head(None)
    assert bare(seen(), None)[0].shape == (3, 3)
    assert head(nodes, mentions=1)(seen()._replace(linked=seen().linked[:, :1]), nodes)[1] == 0
