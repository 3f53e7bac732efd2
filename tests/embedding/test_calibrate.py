"""Probabilities of predictions: planted truth comes back, and the file as it was."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from lichen.base.errors import ArtifactError, ConfigError, DataError
from lichen.data.graph import Graph
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.calibrate import Calibrator, Weights, _fit, calibrate, hide_known
from lichen.embedding.complete import complete, complete_many
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.trainer import train_embedding


class Planted:
    """Scores that say how likely each fact is, in logits; the graph is drawn from them."""

    def __init__(self, *, num_entities=60, num_relations=4, seed=0):
        draw = np.random.default_rng(seed)
        size = (num_relations, num_entities, num_entities)
        self.logits = draw.normal(-4, 2, size).astype(np.float32)
        self.entities = Vocabulary([f"e{i}" for i in range(num_entities)], what="entity")
        self.relations = Vocabulary([f"r{i}" for i in range(num_relations)], what="relation")
        self.num_entities, self.num_relations = num_entities, num_relations
        is_fact = draw.random(size) < 1 / (1 + np.exp(-self.logits))
        triples = np.stack(np.nonzero(is_fact), axis=1)[:, [1, 0, 2]]
        ends = np.split(draw.permutation(len(triples)), [len(triples) // 3, 2 * len(triples) // 3])
        self.graph = Graph(
            entities=self.entities,
            relations=self.relations,
            triples=triples,
            splits=dict(zip(("train", "valid", "test"), ends, strict=True)),
        )

    def score_directed(self, entity, relation, *, out=None):
        del out
        rows = [
            self.logits[r, e]
            if r < self.num_relations
            else self.logits[r - self.num_relations, :, e]
            for e, r in zip(entity.tolist(), relation.tolist(), strict=True)
        ]
        return torch.from_numpy(3.0 * np.stack(rows) + 7.0)

    def score_relations(self, h, t):
        return torch.from_numpy(3.0 * self.logits[:, h, t].T + 7.0)


def test_probabilities_are_as_often_right_as_they_say():
    planted = Planted()
    graph = planted.graph
    fitted = calibrate(planted, graph)
    names = [graph.entities[i] for i in range(graph.num_entities)]
    asked = [(name, label, None) for name in names for label in graph.relations]
    asked += [(None, label, name) for name in names for label in graph.relations]
    seen = graph.select(np.concatenate([graph.splits["train"], graph.splits["valid"]]))
    told = complete_many(planted, asked, graph=seen, calibrator=fitted)
    test = {
        (graph.entities[h], graph.relations[r], graph.entities[t])
        for h, r, t in graph.split("test").tolist()
    }
    chance, truth = [], []
    for (head, relation, tail), predictions in zip(asked, told, strict=True):
        for p in predictions:
            chance.append(p.probability)
            truth.append((head or p.label, relation, tail or p.label) in test)
    chance, truth = np.array(chance), np.array(truth)
    assert chance.mean() == pytest.approx(truth.mean(), abs=0.05)
    error = 0.0
    for low in np.arange(0, 1, 0.1):
        band = (chance >= low) & (chance < low + 0.1)
        if band.any():
            error += band.mean() * abs(chance[band].mean() - truth[band].mean())
    assert error < 0.08


def test_probability_grows_with_the_score_and_stays_within_bounds():
    fitted = calibrate(Planted(seed=1), Planted(seed=1).graph, limit=200)
    for kind in ("tails", "heads", "relations"):
        found = fitted.probability(kind, np.linspace(-500, 500, 11), np.full(11, 3.0))
        assert (np.diff(found) >= 0).all()
        assert found.min() >= 0
        assert found.max() <= 1
    assert fitted.num_facts == 200


def test_regression_finds_the_planted_weights():
    draw = np.random.default_rng(0)
    scores, mass = draw.normal(5, 2, 60_000), draw.normal(1, 3, 60_000)
    logit = 1.5 * scores - 0.5 * mass - 8.0
    found = _fit(scores, mass, draw.random(60_000) < 1 / (1 + np.exp(-logit)))
    np.testing.assert_allclose(found, (1.5, -0.5, -8.0), rtol=0.1)


def test_a_score_that_misleads_weighs_nothing_and_the_rest_is_fitted_without_it():
    draw = np.random.default_rng(0)
    scores, mass = draw.normal(5, 2, 20_000), draw.normal(1, 3, 20_000)
    truth = draw.random(20_000) < 1 / (1 + np.exp(0.8 * scores - 0.5 * mass))
    found = _fit(scores, mass, truth)
    assert found.score == 0
    assert found.mass > 0.1
    np.testing.assert_allclose(found, _fit(np.zeros_like(scores), mass, truth), atol=1e-6)
    chance = 1 / (1 + np.exp(-found.mass * mass - found.offset))
    assert chance.mean() == pytest.approx(truth.mean(), abs=0.005)


def test_no_probability_falls_where_the_ranking_rises_on_nations(lichen_data):
    folder = lichen_data / "kgc_small" / "nations"
    if not folder.is_dir():
        pytest.skip(f"{folder}: no such folder")
    facts = {
        name: [
            tuple(line.split("\t")) for line in (folder / f"{name}.txt").read_text().splitlines()
        ]
        for name in ("train", "valid")
    }
    graph = Graph.from_triples(facts["train"], splits={"valid": facts["valid"]})
    encoder = GraphEncoder("rescal", graph, dim=32)
    train_embedding(encoder, graph, config=EmbeddingConfig(epochs=40, batch_size=512))
    fitted = calibrate(encoder, graph)
    assert fitted.relations.score == 0
    assert fitted.tails.score > 0.5
    told = complete(encoder, "usa", None, "uk", graph=graph, calibrator=fitted, top=100)
    assert len(told) > 5
    assert (np.diff([p.probability for p in told]) <= 0).all()


def test_no_probability_falls_where_two_facts_were_all_there_was_to_fit(lands):
    misplaced = [("Austria", "currency", "Rome"), ("Italy", "currency", "Vienna")]
    names = [
        (lands.entities[h], lands.relations[r], lands.entities[t])
        for h, r, t in lands.triples.tolist()
    ]
    graph = Graph.from_triples(names, splits={"valid": misplaced})
    encoder = GraphEncoder("complex", graph, dim=16)
    train_embedding(encoder, graph.select(graph.splits["train"]), config=EmbeddingConfig(epochs=40))
    fitted = calibrate(encoder, graph)
    told = complete(encoder, "Austria", "currency", None, graph=graph, calibrator=fitted, top=100)
    assert (np.diff([p.probability for p in told]) <= 0).all()


def test_regression_with_one_class_or_no_spread_stays_finite():
    for truth in (np.zeros(50, bool), np.ones(50, bool), np.arange(50) < 25):
        for scores in (np.arange(50.0), np.ones(50)):
            assert np.isfinite(_fit(scores, np.zeros(50), truth)).all()


def test_known_answers_of_every_kind(lands):
    asked = lands.triples[::3]
    for kind, column in (("heads", 0), ("relations", 1), ("tails", 2)):
        rows, answers = (x.tolist() for x in hide_known(kind, asked, lands.triples))
        given = [i for i in range(3) if i != column]
        expected = [
            (row, fact[column])
            for row, query in enumerate(asked.tolist())
            for fact in lands.triples.tolist()
            if all(fact[i] == query[i] for i in given)
        ]
        assert sorted(zip(rows, answers, strict=True)) == sorted(expected)


def test_save_and_load(tmp_path):
    weights = {k: Weights(1.5, -1.0, 0.25) for k in ("tails", "heads", "relations")}
    fitted = Calibrator(**weights, num_facts=7)
    path = fitted.save(tmp_path / "nodes")
    assert Calibrator.load(tmp_path / "nodes") == fitted
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 9}))
    with pytest.raises(ArtifactError, match="must be of format 1; got 9"):
        Calibrator.load(tmp_path / "nodes")
    path.write_text("{}")
    with pytest.raises(ArtifactError, match="no calibration"):
        Calibrator.load(tmp_path / "nodes")
    with pytest.raises(ArtifactError, match="no calibration"):
        Calibrator.load(tmp_path)


def test_bad_input_is_told(lands):
    with pytest.raises(DataError, match="got 'valid'"):
        calibrate(GraphEncoder("complex", lands, dim=4), lands)
    empty = Graph.from_triples([("a", "r", "b")], splits={"valid": []})
    with pytest.raises(DataError, match="valid split must hold at least one fact"):
        calibrate(GraphEncoder("complex", empty, dim=4), empty)
    with pytest.raises(ConfigError, match=r"calibrate: encoder must score entities.*; got Graph"):
        calibrate(lands, lands)


def test_one_relation_alone_has_an_even_chance_and_no_nan(tmp_path):
    ring = [(f"e{i}", "r", f"e{(i + 1) % 9}") for i in range(9)]
    graph = Graph.from_triples(ring)
    graph = replace(graph, splits={"train": np.arange(9), "valid": np.arange(1)})
    found = calibrate(GraphEncoder("complex", graph, dim=4), graph)
    assert found.relations == Weights(0.0, 0.0, 0.0)
    assert Calibrator.load(found.save(tmp_path / "new").parent) == found


def test_a_place_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    even = Weights(0.0, 0.0, 0.0)
    with pytest.raises(ConfigError, match="file: must be a folder or free"):
        Calibrator(tails=even, heads=even, relations=even, num_facts=1).save(tmp_path / "file")
