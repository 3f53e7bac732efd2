"""What can be asked of a model, swept over every kind: the slow answer, or one clear line."""

from math import log

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError
from lichen.data.graph import Graph
from lichen.embedding.calibrate import SHOWN, _fit, calibrate
from lichen.embedding.classify import best_threshold, corrupt, triple_classification
from lichen.embedding.complete import complete, nearest
from lichen.embedding.described import DescribedEncoder
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import evaluate
from lichen.embedding.exchange.pykeen import to_pykeen
from lichen.embedding.exchange.vectors import export
from lichen.embedding.gnn.encoder import GraphNetwork
from lichen.embedding.path.model import PathModel
from lichen.embedding.prior import NUM_CLASSES, NUM_USES, STEPS, PriorRanker
from lichen.embedding.sampled import evaluate_sampled

ENTITIES, RELATIONS, DIM = 14, 3, 6
KINDS = ("encoder", "one way", "described", "network", "paths", "prior", "prior of paths")
WITH_VECTORS = ("encoder", "one way", "described", "network", "prior")


@pytest.fixture(scope="module")
def graph():
    draw = np.random.default_rng(4)
    facts = np.unique(draw.integers([ENTITIES, RELATIONS, ENTITIES], size=(110, 3)), axis=0)
    said = [(f"e{h}", f"r{r}", f"e{t}") for h, r, t in draw.permutation(facts).tolist()]
    return Graph.from_triples(said[:-30], splits={"valid": said[-30:-15], "test": said[-15:]})


def made(kind, graph):
    draw = np.random.default_rng(5)
    if kind == "encoder":
        return GraphEncoder("complex", graph, dim=DIM, seed=1)
    if kind == "one way":
        return GraphEncoder("transe", graph, dim=DIM, seed=1, reciprocal=False)
    if kind == "described":
        features = draw.normal(size=(ENTITIES, 4))
        return DescribedEncoder("distmult", graph, features=features, dim=DIM)
    if kind == "network":
        pytest.importorskip("torch_geometric", reason="torch-geometric is not installed")
        return GraphNetwork("distmult", graph, layers="rgcn", dim=DIM)
    if kind == "paths":
        return PathModel(graph, dim=DIM, num_layers=3, seed=2)
    weights = torch.from_numpy(draw.normal(size=(2 * RELATIONS, NUM_CLASSES))).float()
    ranker = made("encoder" if kind == "prior" else "paths", graph)
    return PriorRanker(ranker, graph.split("train"), scale=1.4, weights=weights)


def slow_class(train, entity, relation, candidate):
    directed = {(h, r, t) for h, r, t in train} | {(t, r + RELATIONS, h) for h, r, t in train}
    use = sum(1 for _, r, answer in directed if (r, answer) == (relation, candidate))
    step = sum(use >= bound for bound in STEPS)
    if candidate == entity:
        return step + 2 * NUM_USES
    return step + NUM_USES * ((candidate, relation, entity) in directed)


def slow_answer(model, entity, relation, candidate):
    """Score one candidate of one question, by the formula where the model has one."""
    if isinstance(model, PriorRanker):
        plain = slow_answer(model.ranker, entity, relation, candidate)
        kind = slow_class(model.facts.tolist(), entity, relation, candidate)
        return model.scale * plain + model.weights[relation, kind].item()
    if isinstance(model, PathModel):  # path/test_network.py compares it with a slow network
        return model.score_directed([entity], [relation])[0, candidate].item()
    vectors, row = model.vectors().detach(), relation
    first, last = entity, candidate
    if relation >= RELATIONS and not model.reciprocal:
        first, last, row = candidate, entity, relation - RELATIONS
    by = model.relation_table.detach()[row]
    return model.scorer.score(vectors[first], by, vectors[last]).item()


class Slow:
    """Every score of a model, computed alone, and what follows from the scores by plain loops."""

    def __init__(self, kind, graph):
        self.kind, self.graph, self.model = kind, graph, made(kind, graph)
        self.answers = self.table(self.model)
        """`(2 * relations, entities, entities)` by directed relation, entity and candidate."""
        is_prior = isinstance(self.model, PriorRanker)
        of_facts = self.table(self.model.ranker) if is_prior else self.answers
        self.relations = of_facts[:RELATIONS].transpose(1, 2, 0)
        """`(entities, entities, relations)`; habits leave relations as they are."""

    @staticmethod
    def table(model):
        every = np.ndindex(2 * RELATIONS, ENTITIES, ENTITIES)
        flat = [slow_answer(model, e, r, c) for r, e, c in every]
        return np.array(flat).reshape(2 * RELATIONS, ENTITIES, ENTITIES)

    def scores(self, column, fact):
        """Return the scores of all that may stand in a column of a fact."""
        h, r, t = fact
        if column == 1:
            return self.relations[h, t]
        return self.answers[r, h] if column == 2 else self.answers[r + RELATIONS, t]

    def known(self, column, fact, facts):
        """Return what stands in that column of the facts that are the same elsewhere."""
        rest = [i for i in range(3) if i != column]
        return {other[column] for other in facts if all(other[i] == fact[i] for i in rest)}

    def beaten_by(self, column, fact, among):
        """Count what beats a fact's own answer, known answers left out; a tie is half."""
        scores = self.scores(column, fact)
        rivals = set(among) - self.known(column, fact, self.graph.triples.tolist())
        own = scores[fact[column]]
        return sum((scores[c] > own) + (scores[c] == own) / 2 for c in rivals), len(rivals)


@pytest.fixture(scope="module", params=KINDS)
def slow(request, graph):
    return Slow(request.param, graph)


def test_facts_score_as_their_tails_do(slow):
    draw = np.random.default_rng(0)
    h, r, t = draw.integers([[ENTITIES], [RELATIONS], [ENTITIES]], size=(3, 40))
    found = slow.model.score(h, torch.from_numpy(r), t).detach()
    np.testing.assert_allclose(found, slow.answers[r, h, t], rtol=1e-4, atol=1e-5)
    wide = slow.model.score(h.reshape(8, 5), [[1]], t.reshape(8, 5)).detach()
    expected = slow.answers[1, h, t].reshape(8, 5)
    np.testing.assert_allclose(wide, expected, rtol=1e-4, atol=1e-5)


def test_questions_that_come_twice_have_the_same_answers(slow):
    entity = np.array([3, 0, 3, 5, 0, 3])
    for relation in (np.array([1, 0, 1, 2, 0, 0]), np.array([4, 3, 4, 5, 3, 3])):
        found = slow.model.score_directed(entity, relation)
        np.testing.assert_allclose(found, slow.answers[relation, entity], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("column", [0, 1, 2])
def test_complete(slow, column):
    graph = slow.graph
    fact = graph.split("test").tolist()[0]
    names = (graph.entities, graph.relations, graph.entities)
    asked = [name[i] for name, i in zip(names, fact, strict=True)]
    asked[column] = None
    scores = slow.scores(column, fact)
    known = slow.known(column, fact, graph.triples.tolist())
    order = [i for i in np.argsort(-scores).tolist() if i not in known]
    found = complete(slow.model, *asked, graph=graph, top=100)
    assert [p.label for p in found] == [names[column][i] for i in order]
    np.testing.assert_allclose([p.score for p in found], scores[order], rtol=1e-4, atol=1e-5)


def test_calibrate(slow):
    train, valid = (slow.graph.split(name).tolist() for name in ("train", "valid"))
    found = calibrate(slow.model, slow.graph)
    assert found.num_facts == len(valid)
    for column, kind in enumerate(("heads", "relations", "tails")):
        rows = []
        for fact in valid:
            scores, true = slow.scores(column, fact), slow.known(column, fact, valid)
            left = set(range(len(scores))) - slow.known(column, fact, train)
            mass = log(sum(np.exp(scores[c]) for c in left))
            best = sorted(left, key=lambda c: -scores[c])[:SHOWN]
            rows += [(scores[c], mass, c in true) for c in best]
        score, mass, truth = (np.array(x) for x in zip(*rows, strict=True))
        expected = _fit(score, mass, truth)
        np.testing.assert_allclose(getattr(found, kind), expected, rtol=1e-2, atol=1e-3)


def test_ranks(slow):
    facts = slow.graph.split("test").tolist()
    ranks = {
        column: [1 + slow.beaten_by(column, fact, range(ENTITIES))[0] for fact in facts]
        for column in (0, 2)
    }
    found = evaluate(slow.model, slow.graph)
    assert found.head_ranks.tolist() == ranks[0]
    assert found.tail_ranks.tolist() == ranks[2]
    every = np.array(ranks[0] + ranks[2])
    drawn = evaluate_sampled(slow.model, slow.graph)
    assert drawn.mrr.value == pytest.approx((1 / every).mean())
    assert drawn.hits[3].value == pytest.approx((every <= 3).mean())
    assert drawn.num_queries == len(every)


def test_ranks_among_sampled_rivals(slow):
    facts = slow.graph.split("test").tolist()
    ranks = [1 + slow.beaten_by(c, fact, range(ENTITIES))[0] for c in (0, 2) for fact in facts]
    exact = (1 / np.array(ranks)).mean()
    found = [evaluate_sampled(slow.model, slow.graph, num_candidates=9, seed=s) for s in range(8)]
    if isinstance(slow.model, GraphEncoder):
        assert {x.num_candidates for x in found} == {9}
        assert sum(x.mrr.low <= exact <= x.mrr.high for x in found) >= 6
    else:  # what scores whole rows has them all
        assert {x.num_candidates for x in found} == {ENTITIES}
        assert [x.mrr.value for x in found] == pytest.approx([exact] * 8)


def test_triple_classification(slow):
    draw, scored = np.random.default_rng(6), {}
    for name in ("valid", "test"):
        facts = slow.graph.split(name)
        false = corrupt(slow.graph, facts, draw=draw)
        scored[name] = [
            (r, slow.answers[r, h, t], is_true)
            for rows, is_true in ((facts, True), (false, False))
            for h, r, t in rows.tolist()
        ]
    right, threshold = 0, {}
    for r in range(RELATIONS):
        own = [(score, is_true) for by, score, is_true in scored["valid"] if by == r]
        sides = [np.array([x for x, is_true in own if is_true == side]) for side in (True, False)]
        threshold[r] = best_threshold(*sides)
        right += sum((x >= threshold[r]) == true for by, x, true in scored["test"] if by == r)
    found = triple_classification(slow.model, slow.graph, seed=6)
    assert found.accuracy == right / len(scored["test"])
    for r, expected in threshold.items():
        judged = found.by_relation[slow.graph.relations[r]]
        assert judged.threshold == pytest.approx(expected, abs=1e-4)


def refused(slow, call):
    """Return the one line that says why a model without entity vectors has no answer."""
    name = "PathModel" if slow.kind == "paths" else "PriorRanker of a PathModel"
    return (
        f"{call}: the model must have entity vectors; got a {name}, which scores without any. Give "
        "a GraphEncoder, or ask this model by complete and keep it by its save."
    )


def vectors_of(slow):
    encoder = slow.model.ranker if slow.kind == "prior" else slow.model
    return encoder.vectors().detach()


def test_nearest(slow):
    if slow.kind not in WITH_VECTORS:
        with pytest.raises(ConfigError) as told:
            nearest(slow.model, "e3")
        assert str(told.value) == refused(slow, "nearest")
        return
    vectors, own = vectors_of(slow).numpy(), slow.graph.entities.id("e3")
    near = {}
    for i, label in enumerate(slow.graph.entities):
        size = np.linalg.norm(vectors[i]) * np.linalg.norm(vectors[own])
        cosine = vectors[i] @ vectors[own] / size
        near[label] = (
            cosine if slow.kind != "one way" else -np.linalg.norm(vectors[i] - vectors[own])
        )
    del near["e3"]
    found = nearest(slow.model, "e3", top=100)
    assert [x.label for x in found] == sorted(near, key=near.get, reverse=True)
    np.testing.assert_allclose(
        [x.similarity for x in found], [near[x.label] for x in found], rtol=1e-4, atol=1e-5
    )


def test_export(slow, tmp_path):
    place = tmp_path / "vectors.npz"
    if slow.kind not in WITH_VECTORS:
        with pytest.raises(ConfigError) as told:
            export(slow.model, place)
        assert str(told.value) == refused(slow, "export")
        assert not place.exists()
        return
    with np.load(export(slow.model, place)) as file:
        np.testing.assert_array_equal(file["entities"], vectors_of(slow))
        assert file["entity_labels"].tolist() == list(slow.graph.entities)


def test_to_pykeen(slow):
    if not isinstance(slow.model, GraphEncoder):
        with pytest.raises(ConfigError) as told:
            to_pykeen(slow.model)
        assert str(told.value) == (
            f"to_pykeen: encoder must be of type GraphEncoder; got {type(slow.model).__name__}. "
            "PyKEEN holds vectors under a formula: give a GraphEncoder, such as a prior's ranker."
        )
        return
    pytest.importorskip("pykeen.models", reason="pykeen is not installed")
    facts = slow.graph.triples
    step = 2 if slow.model.reciprocal else 1
    asked = torch.from_numpy(facts * [1, step, 1])
    found = to_pykeen(slow.model).score_hrt(asked)[:, 0].detach()
    h, r, t = facts.T
    np.testing.assert_allclose(found, slow.answers[r, h, t], rtol=1e-4, atol=1e-5)


def test_save_and_load(slow, tmp_path):
    if slow.kind == "prior of paths":
        with pytest.raises(ConfigError, match=r"must rank by a GraphEncoder; got PathModel\. Save"):
            slow.model.save(tmp_path)
        return
    more = (slow.graph,) if slow.kind == "paths" else ()
    again = type(slow.model).load(slow.model.save(tmp_path / "model"), *more)
    h, r, t = slow.graph.triples.T
    assert torch.equal(again.score(h, r, t), slow.model.score(h, r, t))


@pytest.mark.parametrize("seed", [-1, 1.5, 2**32, None])
def test_a_seed_or_a_limit_out_of_bounds_is_told(graph, seed):
    line = r"^seed must be .*; got "
    for make in (
        lambda: GraphEncoder("complex", graph, dim=4, seed=seed),
        lambda: DescribedEncoder("complex", graph, features=None, dim=4, seed=seed),
        lambda: GraphNetwork("complex", graph, dim=4, seed=seed),
        lambda: PathModel(graph, dim=4, seed=seed),
    ):
        with pytest.raises(ConfigError, match=line):
            make()
    encoder = made("encoder", graph)
    for call in (calibrate, triple_classification, evaluate_sampled):
        with pytest.raises(ConfigError, match=line):
            call(encoder, graph, seed=seed)
    for limit in (0, 2.5):
        with pytest.raises(ConfigError, match=r"^limit must be .*; got "):
            calibrate(encoder, graph, limit=limit)
