"""The network beside one that goes through every entity and edge for every question."""

import numpy as np
import pytest
import torch

from lichen.data.graph import Graph
from lichen.embedding.path.model import PathModel

LAYERS, DIM = 3, 4


@pytest.fixture(scope="module")
def model():
    draw = np.random.default_rng(3)
    triples = {
        (f"e{h}", f"r{r}", f"e{t}")
        for h, r, t in zip(
            draw.integers(0, 15, 18), draw.integers(0, 3, 18), draw.integers(0, 15, 18), strict=True
        )
    }
    graph = Graph.from_triples([*sorted(triples), ("far", "r0", "away")])
    model = PathModel(graph, dim=DIM, num_layers=LAYERS, seed=5)
    draw = torch.Generator().manual_seed(9)
    with torch.no_grad():  # so that no term is at its neutral start
        for weight in (model.network.bias, model.network.norm_bias):
            weight.copy_(torch.randn(weight.shape, generator=draw))
    return model


def slow_scores(model, entity, relation):
    """Go through every entity, edge and layer of one question."""
    net, edges = model.network, model.edges
    num = edges.num_entities
    question = net.questions[relation]
    starts = np.repeat(np.arange(num), np.diff(edges.offsets))
    degree = torch.from_numpy(np.diff(edges.offsets)).float() + 1
    scale = degree.log() / degree.log().mean()
    states = [question if v == entity else torch.zeros(DIM) for v in range(num)]
    for t in range(LAYERS):
        heard = [[question] if v == entity else [] for v in range(num)]
        for u, r, v in zip(starts, edges.relation, edges.target, strict=True):
            heard[v].append(states[u] * net.relations[t, r])
        new = []
        for v in range(num):
            said = torch.stack([*heard[v], torch.zeros(DIM)])
            mean = said.sum(0) / degree[v]
            spread = (said.square().sum(0) / degree[v] - mean * mean).clamp_min(1e-6).sqrt()
            y = torch.cat([mean, spread]) @ net.hear[t]
            y = y[:DIM] + y[DIM : 2 * DIM] * scale[v] + y[2 * DIM :] / scale[v].clamp_min(1e-2)
            y = y + states[v] @ net.keep[t] + net.bias[t]
            y = torch.nn.functional.layer_norm(y, (DIM,), net.norm[t], net.norm_bias[t])
            new.append(states[v] + y.relu())
        states = new
    pairs = torch.stack([torch.cat([state, question]) for state in states])
    return net.judge(pairs)[:, 0]


@pytest.mark.parametrize("relation", [0, 2, 4])
@pytest.mark.parametrize("entity", [0, 6])
def test_equals_the_slow_one_reached_or_not(model, entity, relation):
    expected = slow_scores(model, entity, relation)
    found = model.score_directed([entity], [relation])[0]
    torch.testing.assert_close(found, expected.detach(), rtol=1e-4, atol=1e-5)


def test_few_candidates_score_as_among_all_and_so_do_their_gradients(model):
    entity, relation = np.array([0, 4, 9]), np.array([1, 3, 5])
    candidates = np.array([[1, 2, 3], [4, 4, 0], [8, 11, 9]])
    weights = list(model.network.parameters())
    rows = torch.arange(3)[:, None]
    gradients = []
    for asked in (candidates, None):
        ground = model.ground(model.edges)
        scores = model.score_candidates(entity, relation, asked, edges=model.edges, ground=ground)
        scores = scores if asked is not None else scores[rows, torch.from_numpy(candidates)]
        gradients.append((scores.detach(), torch.autograd.grad(scores.sum(), weights)))
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-4, atol=1e-5)


def test_weights_get_the_gradients_of_the_slow_one(model):
    entity, relation = 2, 1
    weights = dict(model.network.named_parameters())
    ground = model.ground(model.edges)
    found = model.score_candidates(
        np.array([entity]), np.array([relation]), None, edges=model.edges, ground=ground
    )
    got = torch.autograd.grad(found[0].square().sum(), list(weights.values()))
    slow = slow_scores(model, entity, relation).square().sum()
    expected = torch.autograd.grad(slow, list(weights.values()))
    for name, one, other in zip(weights, got, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4, msg=name)
