"""What every scorer must do, swept over all of them."""

import cmath
import math
from itertools import product

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError
from lichen.data.graph import Graph
from lichen.embedding import SCORERS
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.scorer import make_scorer
from lichen.embedding.trainer import train_embedding

DIM, ENTITIES, BATCH = 6, 7, 4
CASES = [(name, {}) for name in SCORERS] + [
    ("transe", {"norm": 2}),
    ("transe", {"norm": 2, "squared": True}),
    ("rotate", {"distance": "euclidean"}),
    ("rotate", {"distance": "squared"}),
    ("tucker", {"relation_dim": 3}),
    ("conve", {"filters": 2}),
]


def as_complex(x):
    half = len(x) // 2
    return [complex(x[i], x[half + i]) for i in range(half)]


def by_hand_complex(_, h, r, t):
    triples = zip(*map(as_complex, (h, r, t)), strict=True)
    return sum((a * b * c.conjugate()).real for a, b, c in triples)


def by_hand_conve(scorer, h, r, t):
    """One convolution, one projection; the statistics are those of a scorer that saw nothing."""
    weights = {name: x.tolist() for name, x in scorer.state_dict().items()}
    height, width = scorer.height, scorer.dim // scorer.height
    still = 1 / math.sqrt(1 + 1e-5)
    flat = [x * still for x in (*h[: scorer.dim], *r)]
    image = [flat[row * width : (row + 1) * width] for row in range(2 * height)]
    made = []
    for kernel, bias in zip(weights["image.2.weight"], weights["image.2.bias"], strict=True):
        for y, x in product(range(2 * height - 2), range(width - 2)):
            met = sum(kernel[0][i][j] * image[y + i][x + j] for i, j in product(range(3), repeat=2))
            made.append(max(0.0, (met + bias) * still))
    score = t[-1]
    rows = zip(weights["projection.0.weight"], weights["projection.0.bias"], t[:-1], strict=True)
    for row, bias, of_tail in rows:
        met = sum(a * b for a, b in zip(row, made, strict=True)) + bias
        score += max(0.0, met * still) * of_tail
    return score


def by_hand_cp(_, h, r, t):
    return sum(h[i] * r[i] * t[len(r) + i] for i in range(len(r)))


def by_hand_distmult(_, h, r, t):
    return sum(a * b * c for a, b, c in zip(h, r, t, strict=True))


def by_hand_rescal(_, h, r, t):
    dim = len(h)
    return sum(h[i] * r[i * dim + j] * t[j] for i, j in product(range(dim), repeat=2))


def by_hand_distance(missed, norm):
    if norm == 1:
        return -sum(missed)
    squares = sum(x * x for x in missed)
    return -squares if norm == "squared" else -math.sqrt(squares)


def by_hand_rotate(scorer, h, r, t):
    triples = zip(as_complex(h), r, as_complex(t), strict=True)
    missed = [abs(a * cmath.exp(1j * angle) - b) for a, angle, b in triples]
    return by_hand_distance(missed, {"moduli": 1, "euclidean": 2}.get(scorer.distance, "squared"))


def by_hand_simple(_, h, r, t):
    n = len(h) // 2
    forwards = sum(h[i] * r[i] * t[n + i] for i in range(n))
    return (forwards + sum(t[i] * r[n + i] * h[n + i] for i in range(n))) / 2


def by_hand_transe(scorer, h, r, t):
    missed = [abs(a + b - c) for a, b, c in zip(h, r, t, strict=True)]
    return by_hand_distance(missed, "squared" if scorer.squared else scorer.norm)


def by_hand_tucker(scorer, h, r, t):
    core = scorer.core.tolist()
    places = product(range(len(h)), range(len(r)), range(len(t)))
    return sum(core[i][k][j] * h[i] * r[k] * t[j] for i, k, j in places)


BY_HAND = {
    "complex": by_hand_complex,
    "conve": by_hand_conve,
    "cp": by_hand_cp,
    "distmult": by_hand_distmult,
    "rescal": by_hand_rescal,
    "rotate": by_hand_rotate,
    "simple": by_hand_simple,
    "transe": by_hand_transe,
    "tucker": by_hand_tucker,
}


def drawn(name, settings, dtype):
    """A scorer without dropout, and vectors for it."""
    torch.manual_seed(3)
    scorer = make_scorer(name, DIM, **settings).to(dtype).eval()
    draw = torch.Generator().manual_seed(7)

    def vectors(rows, width):
        return torch.randn(rows, width, generator=draw, dtype=dtype)

    width = scorer.entity_width
    return {
        "name": name,
        "settings": settings,
        "scorer": scorer,
        "h": vectors(BATCH, width),
        "r": vectors(BATCH, scorer.relation_width),
        "t": vectors(BATCH, width),
        "all": vectors(ENTITIES, width),
        "relations": vectors(3, scorer.relation_width),
    }


@pytest.fixture(params=CASES, ids=str)
def case(request):
    return drawn(*request.param, torch.float64)


def test_every_scorer_has_a_formula_written_by_hand():
    assert set(BY_HAND) == set(SCORERS)


def test_says_its_paper_and_explains_shapes_and_cost(case):
    assert "References:" in type(case["scorer"]).__doc__
    assert "Shapes:" in type(case["scorer"]).__doc__
    assert "Cost:" in type(case["scorer"]).__doc__
    assert f"dim={DIM}" in repr(case["scorer"])


def test_equals_the_slow_formula(case):
    rows = zip(*(case[x].tolist() for x in "hrt"), strict=True)
    expected = [BY_HAND[case["name"]](case["scorer"], *row) for row in rows]
    with torch.no_grad():
        found = case["scorer"].score(case["h"], case["r"], case["t"])
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_one_by_one_equals_one_against_all(case):
    scorer, h, r, t, entities = (case[x] for x in ("scorer", "h", "r", "t", "all"))
    tails = scorer.score_tails(h, r, entities)
    assert tails.shape == (BATCH, ENTITIES)
    torch.testing.assert_close(tails, scorer.score(h[:, None], r[:, None], entities[None]))
    if not scorer.asks_heads:
        with pytest.raises(ConfigError, match="Use reciprocal=True"):
            scorer.score_heads(r, t, entities)
        return
    heads = scorer.score_heads(r, t, entities)
    assert heads.shape == (BATCH, ENTITIES)
    torch.testing.assert_close(heads, scorer.score(entities[None], r[:, None], t[:, None]))


def test_candidates_are_views_of_the_table(case):
    scorer, entities = case["scorer"], case["all"]
    for candidates in (scorer.as_tails(entities), scorer.as_heads(entities)):
        assert candidates.untyped_storage().data_ptr() == entities.untyped_storage().data_ptr()


def test_every_relation_against_a_pair(case):
    scorer, h, t, relations = (case[x] for x in ("scorer", "h", "t", "relations"))
    found = scorer.score_relations(h, t, relations)
    torch.testing.assert_close(found, scorer.score(h[:, None], relations[None], t[:, None]))
    assert scorer.score_relations(h[:0], t[:0], relations).shape == (0, len(relations))


def test_every_relation_is_met_by_so_many_pairs_that_memory_is_bounded(case, monkeypatch):
    scorer, h, t, relations = (case[x] for x in ("scorer", "h", "t", "relations"))
    if scorer.is_bilinear:  # one product of matrices
        return
    whole, most = scorer.score_relations(h, t, relations), 2 * len(relations) * scorer.numbers_held
    monkeypatch.setattr("lichen.embedding.scorer.NUMBERS_AT_ONCE", most)
    met, score = [], scorer.score
    monkeypatch.setattr(scorer, "score", lambda *x: met.append(len(x[0])) or score(*x))
    torch.testing.assert_close(scorer.score_relations(h, t, relations), whole)
    assert met == [2, 2]


def test_interaction_is_what_the_relation_is_multiplied_with(case):
    scorer, h, r, t = (case[x] for x in ("scorer", "h", "r", "t"))
    if not scorer.is_bilinear:
        with pytest.raises(ConfigError, match="cannot be combined"):
            scorer.interaction(h, t)
        return
    together = scorer.interaction(h, t)
    assert together.shape == r.shape
    torch.testing.assert_close((together * r).sum(-1), scorer.score(h, r, t))


def test_no_entity_of_its_length_beats_the_implied_one(case):
    scorer, h, r, t, others = (case[x] for x in ("scorer", "h", "r", "t", "all"))
    if case["name"] == "conve":
        others[:, -1] = 0.0  # of an entity's bias a fact says nothing
    implied = {"tail": scorer.implied_tail(h, r)}
    if scorer.asks_heads:
        implied["head"] = scorer.implied_head(r, t)
    for side, vectors in implied.items():
        assert vectors.shape == h.shape
        length = vectors.norm(dim=1)[:, None, None]
        scaled = others / others.norm(dim=1, keepdim=True) * length
        if side == "tail":
            best = scorer.score(h, r, vectors)
            found = scorer.score(h[:, None], r[:, None], scaled)
        else:
            best = scorer.score(vectors, r, t)
            found = scorer.score(scaled, r[:, None], t[:, None])
        assert (found <= best[:, None] + 1e-5).all()


def test_gradient_equals_finite_differences(case):
    scorer = case["scorer"]
    leaves = [case[x].clone().requires_grad_() for x in "hrt"]
    assert torch.autograd.gradcheck(scorer.score, leaves)
    entities = case["all"].clone().requires_grad_()
    assert torch.autograd.gradcheck(scorer.score_tails, (leaves[0], leaves[1], entities))
    if scorer.asks_heads:
        assert torch.autograd.gradcheck(scorer.score_heads, (leaves[1], leaves[2], entities))


def test_pull_is_the_gradient_of_the_scores(case):
    scorer = case["scorer"]
    with torch.no_grad():
        asked, met = scorer.tail_query(case["h"], case["r"]), scorer.as_tails(case["all"])
        scores = scorer.comparison.scores(asked, met)
    upstream = torch.randn(scores.shape, dtype=torch.float64)
    queries, candidates = (x.clone().requires_grad_() for x in (asked, met))
    slow = scorer.comparison.pairs(queries[:, None], candidates)
    torch.testing.assert_close(scores, slow)
    (slow * upstream).sum().backward()
    into = torch.ones_like(met)
    toward = scorer.comparison.pull(asked, met, scores, upstream, into)
    torch.testing.assert_close(toward, queries.grad)
    torch.testing.assert_close(into, candidates.grad + 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_kind_of_number_is_kept(name, settings, dtype):
    case = drawn(name, settings, dtype)
    scorer, h, r, t, entities = (case[x] for x in ("scorer", "h", "r", "t", "all"))
    leaves = [x.requires_grad_() for x in (h, r, t, entities)]
    found = [scorer.score(h, r, t), scorer.score_tails(h, r, entities)]
    if scorer.asks_heads:
        found.append(scorer.score_heads(r, t, entities))
    sum(x.sum() for x in found).backward()
    assert {x.dtype for x in (*found, *(leaf.grad for leaf in leaves))} == {dtype}


def test_gradient_at_zero_is_finite(case):
    scorer = case["scorer"]
    h, r, t = (torch.zeros_like(case[x]).requires_grad_() for x in "hrt")
    loss = scorer.score(h, r, t).sum() + scorer.score_tails(h, r, t).sum()
    penalty = scorer.moduli(h).pow(3).sum() + scorer.relation_moduli(r).pow(3).sum()
    (loss + penalty).backward()
    assert all(torch.isfinite(x.grad).all() for x in (h, r, t))


def test_moduli_are_sizes(case):
    scorer, h, r = (case[x] for x in ("scorer", "h", "r"))
    for sizes, vectors in ((scorer.moduli(h), h), (scorer.relation_moduli(r), r)):
        assert sizes.shape[0] == BATCH
        assert (sizes >= 0).all()
        if not (case["name"] == "rotate" and vectors is r):
            total = vectors.square().sum()
            torch.testing.assert_close(sizes.square().sum(), total, rtol=1e-6, atol=1e-6)


def test_starts_are_drawn_and_of_the_right_width(case):
    scorer = case["scorer"]
    for start, width in (
        (scorer.start_entities, scorer.entity_width),
        (scorer.start_relations, scorer.relation_width),
    ):
        one, again = (start(50, torch.Generator().manual_seed(1)) for _ in range(2))
        assert one.shape == (50, width)
        assert torch.equal(one, again)
        assert one.std() > 0.01


def test_trains_saves_and_loads(case, tmp_path):
    ring = [(f"e{i}", "next", f"e{(i + 1) % 12}") for i in range(12)]
    graph = Graph.from_triples(ring)
    encoder = GraphEncoder(case["name"], graph, dim=16, **case["settings"])
    config = EmbeddingConfig(epochs=30, batch_size=12, n3=0.0)
    report = train_embedding(encoder, graph, config=config)
    assert report.losses[-1] < report.losses[0]
    again = GraphEncoder.load(encoder.save(tmp_path / "encoder")).eval()
    encoder.eval()
    h, r, t = graph.triples.T
    torch.testing.assert_close(again.score(h, r, t), encoder.score(h, r, t), rtol=0, atol=0)
    torch.testing.assert_close(again.score_heads(r, t), encoder.score_heads(r, t), rtol=0, atol=0)
    assert repr(again.scorer) == repr(encoder.scorer)
