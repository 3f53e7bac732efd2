"""What every scorer must do, swept over all of them."""

import math

import numpy as np
import pytest
import torch

from lichen.data.graph import Graph
from lichen.embedding import SCORERS
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.scorer import make_scorer
from lichen.embedding.trainer import train_embedding

DIM, ENTITIES, BATCH = 6, 7, 4
CASES = [(name, {}) for name in SCORERS] + [("transe", {"norm": 2})]


def by_hand_complex(h, r, t):
    half = len(h) // 2
    as_complex = [[complex(x[i], x[half + i]) for i in range(half)] for x in (h, r, t)]
    return sum((a * b * c.conjugate()).real for a, b, c in zip(*as_complex, strict=True))


def by_hand_distmult(h, r, t):
    return sum(a * b * c for a, b, c in zip(h, r, t, strict=True))


def by_hand_transe(h, r, t, norm=1):
    missed = [abs(a + b - c) for a, b, c in zip(h, r, t, strict=True)]
    return -sum(missed) if norm == 1 else -math.sqrt(sum(x * x for x in missed))


BY_HAND = {"complex": by_hand_complex, "distmult": by_hand_distmult, "transe": by_hand_transe}


@pytest.fixture(params=CASES, ids=str)
def case(request):
    name, settings = request.param
    scorer = make_scorer(name, **settings)
    draw = torch.Generator().manual_seed(7)

    def vectors(rows, width):
        return torch.randn(rows, width, generator=draw, dtype=torch.float64)

    width = scorer.entity_width(DIM)
    return {
        "name": name,
        "settings": settings,
        "scorer": scorer,
        "h": vectors(BATCH, width),
        "r": vectors(BATCH, scorer.relation_width(DIM)),
        "t": vectors(BATCH, width),
        "all": vectors(ENTITIES, width),
    }


def test_every_scorer_has_a_formula_written_by_hand():
    assert set(BY_HAND) == set(SCORERS)


def test_says_its_paper_and_explains_shapes_and_cost(case):
    assert case["scorer"].PAPER
    assert "Shapes:" in type(case["scorer"]).__doc__
    assert "Cost:" in type(case["scorer"]).__doc__


def test_equals_the_slow_formula(case):
    rows = zip(*(case[x].tolist() for x in "hrt"), strict=True)
    expected = [BY_HAND[case["name"]](*row, **case["settings"]) for row in rows]
    found = case["scorer"].score(case["h"], case["r"], case["t"])
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_one_by_one_equals_one_against_all(case):
    scorer, h, r, t, entities = (case[x] for x in ("scorer", "h", "r", "t", "all"))
    tails = scorer.score_tails(h, r, entities)
    heads = scorer.score_heads(r, t, entities)
    assert tails.shape == heads.shape == (BATCH, ENTITIES)
    one_tail = scorer.score(h[:, None], r[:, None], entities[None])
    one_head = scorer.score(entities[None], r[:, None], t[:, None])
    torch.testing.assert_close(tails, one_tail)
    torch.testing.assert_close(heads, one_head)


def test_interaction_holds_all_that_the_relation_is_compared_with(case):
    scorer, h, r, t = (case[x] for x in ("scorer", "h", "r", "t"))
    together = scorer.interaction(h, t)
    assert together.shape == r.shape
    if scorer.is_bilinear:
        score = (together * r).sum(-1)
    else:
        score = -torch.linalg.vector_norm(together - r, ord=scorer.norm, dim=-1)
    torch.testing.assert_close(score, scorer.score(h, r, t))


def test_no_head_of_its_length_beats_the_implied_one(case):
    scorer, r, t, entities = (case[x] for x in ("scorer", "r", "t", "all"))
    implied = scorer.implied_head(r, t)
    best = scorer.score(implied, r, t)
    scaled = entities / entities.norm(dim=1, keepdim=True) * implied.norm(dim=1)[:, None, None]
    assert (scorer.score(scaled, r[:, None], t[:, None]) <= best[:, None] + 1e-9).all()


def test_gradient_equals_finite_differences(case):
    scorer = case["scorer"]
    leaves = [case[x].clone().requires_grad_() for x in "hrt"]
    assert torch.autograd.gradcheck(scorer.score, leaves)
    entities = case["all"].clone().requires_grad_()
    assert torch.autograd.gradcheck(scorer.score_tails, (leaves[0], leaves[1], entities))


def test_gradient_at_zero_is_finite(case):
    scorer = case["scorer"]
    h, r, t = (torch.zeros_like(case[x]).requires_grad_() for x in "hrt")
    loss = scorer.score(h, r, t).sum() + scorer.score_tails(h, r, t).sum()
    (loss + scorer.moduli(h).pow(3).sum()).backward()
    assert all(torch.isfinite(x.grad).all() for x in (h, r, t))


def test_moduli_are_sizes(case):
    sizes = case["scorer"].moduli(case["h"])
    assert sizes.shape[0] == BATCH
    assert (sizes >= 0).all()
    torch.testing.assert_close(sizes.square().sum(), case["h"].square().sum(), rtol=1e-6, atol=1e-6)


def test_trains_saves_and_loads(case, tmp_path):
    ring = [(f"e{i}", "next", f"e{(i + 1) % 12}") for i in range(12)]
    graph = Graph.from_triples(ring)
    encoder = GraphEncoder(case["name"], graph, dim=16, **case["settings"])
    config = EmbeddingConfig(epochs=60, batch_size=12, n3=0.0)
    report = train_embedding(encoder, graph, config=config)
    assert report.losses[-1] < report.losses[0]
    again = GraphEncoder.load(encoder.save(tmp_path / "encoder"))
    h, r, t = graph.triples.T
    torch.testing.assert_close(again.score(h, r, t), encoder.score(h, r, t), rtol=0, atol=0)
    torch.testing.assert_close(again.score_heads(r, t), encoder.score_heads(r, t), rtol=0, atol=0)
    assert again.scorer == encoder.scorer
