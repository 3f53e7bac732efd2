"""Habits of relations beside a trained ranker."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lichen.base.errors import ArtifactError, ConfigError, DataError
from lichen.data.graph import Graph
from lichen.embedding.complete import complete
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import evaluate
from lichen.embedding.path.model import PathModel
from lichen.embedding.prior import (
    NUM_CLASSES,
    NUM_USES,
    SCALES,
    STEPS,
    PriorRanker,
    Roles,
    encoder_within,
    fit_prior,
)

PEOPLE, TOWNS = 240, 4


@pytest.fixture(scope="module")
def births():
    """Everybody is born once, so whoever has no birthplace yet is the one to ask about."""
    draw = np.random.default_rng(0)
    facts = [(f"p{i}", "born_in", f"t{draw.integers(TOWNS)}") for i in range(PEOPLE)]
    facts += [(f"p{i}", "knows", f"p{draw.integers(PEOPLE)}") for i in range(PEOPLE)]
    graph = Graph.from_triples(facts)
    order = draw.permutation(len(facts))
    splits = {"train": order[80:], "valid": order[:40], "test": order[40:80]}
    return replace(graph, splits={name: np.sort(rows) for name, rows in splits.items()})


@pytest.fixture(scope="module")
def fitted(births):
    return fit_prior(GraphEncoder("complex", births, dim=8), births)


def slow_class(train, entity, relation, candidate, num_relations):
    is_heads = relation >= num_relations
    facts = [(h, r, t) if not is_heads else (t, r + num_relations, h) for h, r, t in train]
    use = sum(1 for _, r, answer in facts if (r, answer) == (relation, candidate))
    step = sum(use >= bound for bound in STEPS)
    if candidate == entity:
        return step + 2 * NUM_USES
    is_back = any((h, r, t) == (candidate, relation, entity) for h, r, t in facts)
    return step + NUM_USES * is_back


def test_classes_equal_the_slow_count():
    draw = np.random.default_rng(1)
    train = np.unique(draw.integers(0, (7, 2, 7), (40, 3)), axis=0)
    roles = Roles(train, num_entities=7, num_relations=2)
    entity, relation = (ids.ravel() for ids in np.meshgrid(np.arange(7), np.arange(4)))
    found = roles.classes(entity, relation).numpy()
    for row, (e, r) in enumerate(zip(entity.tolist(), relation.tolist(), strict=True)):
        assert found[row].tolist() == [slow_class(train.tolist(), e, r, c, 2) for c in range(7)]
    entity, relation, answer = (x.ravel() for x in np.meshgrid(range(7), range(4), range(7)))
    one_by_one = roles.classes_of(entity, relation, answer).numpy()
    assert one_by_one.tolist() == roles.classes(entity, relation)[range(196), answer].tolist()
    nothing = Roles(train[:0], num_entities=7, num_relations=2)
    assert nothing.classes_of(*np.array([[1, 1], [0, 3], [2, 1]])).tolist() == [0, 2 * NUM_USES]


def test_scores_are_those_of_the_ranker_scaled_and_what_its_class_adds():
    graph = Graph.from_triples([("a", "r", "b"), ("b", "r", "c"), ("c", "s", "c")])
    encoder = GraphEncoder("distmult", graph, dim=4)
    draw = torch.Generator().manual_seed(0)
    weights = torch.randn(4, NUM_CLASSES, generator=draw)
    ranker = PriorRanker(encoder, graph.triples, scale=1.4, weights=weights)
    entity, relation = np.array([0, 1, 2]), np.array([0, 1, 0])
    classes = ranker.roles.classes(entity, relation)
    plain = encoder.score_directed(entity, relation)
    expected = torch.stack(
        [1.4 * plain[i] + weights[relation[i]][classes[i]] for i in range(len(entity))]
    )
    out = torch.empty(3, 3)
    found = ranker.score_directed(torch.from_numpy(entity), relation, out=out)
    torch.testing.assert_close(found, expected)
    assert found.data_ptr() == out.data_ptr()
    torch.testing.assert_close(ranker.score_relations([0], [1]), encoder.score_relations([0], [1]))
    tails = torch.tensor([2, 0, 1])
    torch.testing.assert_close(ranker.score(entity, relation, tails), found[range(3), tails])


def test_who_has_a_birthplace_is_not_born_again(births, fitted):
    plain, told = evaluate(fitted.ranker, births), evaluate(fitted, births)
    one, other = (x.by_relation["born_in"].heads for x in (plain, told))
    assert other.mean_rank < one.mean_rank / 3
    assert other.hits[10] > 2 * one.hits[10]
    assert fitted.scale in SCALES
    heads = births.relations.id("born_in") + births.num_relations
    never, once = fitted.weights[heads][:2].tolist()
    assert never > once + 2


def test_the_fit_is_the_likeliest(births, fitted):
    fitted = fit_prior(fitted.ranker, births, ridge=1e-3)

    def lost(weights):
        ranker = PriorRanker(fitted.ranker, fitted.facts, scale=fitted.scale, weights=weights)
        total = torch.zeros((), dtype=torch.float64)
        seen = np.concatenate([fitted.facts, births.split("valid")])
        for h, r, t in births.split("valid").tolist():
            for e, by, truth in ((h, r, t), (t, r + births.num_relations, h)):
                scores = ranker.score_directed([e], [by])[0].double()
                back = by >= births.num_relations
                for a, q, b in seen.tolist():
                    is_asked = (b, q + births.num_relations) if back else (a, q)
                    answer = a if back else b
                    if is_asked == (e, by) and answer != truth:
                        scores[answer] = -torch.inf
                total += scores.logsumexp(0) - scores[truth]
        return float(total)

    assert lost(fitted.weights) < lost(torch.zeros_like(fitted.weights)) - 50
    for change in (-0.5, 0.5):
        other = fitted.weights.clone()
        other[births.relations.id("knows"), 0] += change
        assert lost(other) > lost(fitted.weights)


def test_complete_takes_it_and_it_is_read_back(births, fitted, tmp_path):
    again = PriorRanker.load(fitted.save(tmp_path / "prior"))
    one, other = (complete(x, None, "born_in", "t0", graph=births) for x in (fitted, again))
    assert one == other
    known = {births.entities[h] for h, r, _ in births.split("train") if r == 0}
    assert not known & {prediction.label for prediction in one}
    with pytest.raises(ArtifactError):
        PriorRanker.load(tmp_path)


def test_the_encoder_within_is_found_through_priors_or_told_to_be_absent(births, fitted):
    twice = PriorRanker(fitted, fitted.facts, scale=1.0, weights=fitted.weights)
    assert encoder_within(twice, call="nearest") is fitted.ranker
    paths = PathModel(births, dim=4, num_layers=2)
    twice = PriorRanker(
        PriorRanker(paths, fitted.facts, scale=1.0, weights=fitted.weights),
        fitted.facts,
        scale=1.0,
        weights=fitted.weights,
    )
    for model, name in (
        (twice, "PriorRanker of a PriorRanker of a PathModel"),
        (births, "Graph"),
    ):
        with pytest.raises(ConfigError, match=f"^nearest: .* vectors; got a {name}, which"):
            encoder_within(model, call="nearest")


def test_bad_input_is_one_clear_line(births, fitted, tmp_path):
    encoder = fitted.ranker
    with pytest.raises(ConfigError, match="ridge"):
        fit_prior(encoder, births, ridge=0.0)
    with pytest.raises(DataError, match="split"):
        fit_prior(encoder, births, "held_out")
    broken = GraphEncoder("distmult", births, dim=2)
    with torch.no_grad():
        broken.entity_table.fill_(torch.nan)
    with pytest.raises(DataError, match="NaN"):
        fit_prior(broken, births)
    paths = fit_prior(PathModel(births, dim=4, num_layers=2), births)
    with pytest.raises(ConfigError, match=r"must rank by a GraphEncoder; got PathModel"):
        paths.save(tmp_path)


def test_new_entities_are_placed_and_their_facts_are_habits_too(births, fitted):
    told = [("newcomer", "born_in", "t1"), ("p0", "knows", "newcomer")]
    grown = fitted.with_entities(told)
    new = grown.entities.id("newcomer")
    assert grown.num_entities == births.num_entities + 1
    assert torch.equal(grown.ranker.vectors([0]), fitted.ranker.vectors([0]))
    knows = births.relations.id("knows")
    t1, p0 = births.entities.ids(["t1", "p0"])
    assert grown.roles.classes_of(*np.array([[p0], [knows], [new]]))[0] == 1  # one fact of its own
    born = grown.relations.id("born_in") + grown.num_relations
    assert grown.roles.classes_of(*np.array([[t1], [born], [new]]))[0] == 1
    (best, *_rest) = complete(grown, None, "born_in", "t1", graph=births, top=3)
    assert best.label
    with pytest.raises(DataError, match="nobody"):
        fitted.with_entities([("nobody", "born_in", "nowhere")])
    paths = PriorRanker(
        PathModel(births, dim=4, num_layers=2),
        births.split("train"),
        scale=1.0,
        weights=torch.zeros(2 * births.num_relations, NUM_CLASSES),
    )
    with pytest.raises(ConfigError, match=r"rank by a GraphEncoder; got PathModel\. Take its"):
        paths.with_entities(told)
