"""Completion against asking about one candidate at a time."""

from collections import deque

import numpy as np
import pytest
import torch

from lichen.base.errors import ChoiceError, ConfigError, DataError
from lichen.data.graph import Graph
from lichen.embedding import calibrate
from lichen.embedding.calibrate import Calibrator, Weights
from lichen.embedding.complete import complete, complete_many, nearest, nearest_many
from lichen.embedding.encoder import GraphEncoder

FLAT = Calibrator(
    tails=Weights(1, -1, 0), heads=Weights(0, 0, 0), relations=Weights(0, 0, 2), num_facts=1
)


@pytest.fixture(scope="module")
def encoder(lands):
    return GraphEncoder("complex", lands, dim=16, seed=1)


def by_hand(encoder, asked):
    """Score every candidate alone, best first."""
    e, r = encoder.entities, encoder.relations
    found = {}
    if asked[1] is None:
        h, t = e.id(asked[0]), e.id(asked[2])
        for label in r:
            found[label] = encoder.score([h], [r.id(label)], [t]).item()
    elif asked[2] is None:
        scores = encoder.score_tails([e.id(asked[0])], [r.id(asked[1])])[0]
        found = dict(zip(e, scores.tolist(), strict=True))
    else:
        scores = encoder.score_heads([r.id(asked[1])], [e.id(asked[2])])[0]
        found = dict(zip(e, scores.tolist(), strict=True))
    return sorted(found.items(), key=lambda item: -item[1])


@pytest.mark.parametrize(
    ("asked", "stated"),
    [
        (("Austria", "borders", None), {"Germany", "Italy", "Hungary"}),
        ((None, "currency", "Forint"), {"Hungary"}),
        (("Austria", None, "Vienna"), {"capital"}),
    ],
)
def test_equals_asking_one_by_one(lands, encoder, asked, stated):
    expected = by_hand(encoder, asked)
    shown = complete(encoder, *asked, graph=lands, known="show", top=1000)
    assert [p.label for p in shown] == [label for label, _ in expected]
    np.testing.assert_allclose([p.score for p in shown], [s for _, s in expected], atol=1e-6)
    assert {p.label for p in shown if p.is_known} == stated
    hidden = complete(encoder, *asked, graph=lands, top=1000)
    assert [p.label for p in hidden] == [label for label, _ in expected if label not in stated]
    assert not any(p.is_known for p in hidden)
    assert [p.label for p in complete(encoder, *asked, graph=lands, top=2)] == [
        p.label for p in hidden[:2]
    ]


def test_without_a_graph_nothing_is_known(encoder):
    found = complete(encoder, "Austria", "borders", None, top=1000)
    assert len(found) == encoder.num_entities
    assert {p.is_known for p in found} == {None}
    assert {p.probability for p in found} == {None}


def test_many_queries_together_equal_one_at_a_time(lands, encoder):
    asked = [
        ("Austria", "borders", None),
        (None, "borders", "Austria"),
        ("Rome", None, "Italy"),
        ("Malta", "currency", None),
    ]
    together = complete_many(encoder, asked, graph=lands, calibrator=FLAT)
    for query, found in zip(asked, together, strict=True):
        alone = complete(encoder, *query, graph=lands, calibrator=FLAT)
        assert [p.label for p in found] == [p.label for p in alone]
        np.testing.assert_allclose([p.score for p in found], [p.score for p in alone], atol=1e-6)
    assert complete_many(encoder, []) == []


def test_probabilities_are_those_of_the_calibrator(lands, encoder):
    found = complete(encoder, "Austria", "capital", None, graph=lands, top=1000, calibrator=FLAT)
    scores = np.array([p.score for p in found])
    logit = scores - np.log(np.exp(scores).sum())  # the known capital has no share in the mass
    np.testing.assert_allclose([p.probability for p in found], 1 / (1 + np.exp(-logit)), rtol=1e-4)
    relations = complete(encoder, "Austria", None, "Rome", calibrator=FLAT)
    assert {round(p.probability, 4) for p in relations} == {0.8808}


@pytest.mark.parametrize("known", ["hide", "show"])
def test_a_question_whose_answers_are_all_known_has_probabilities_without_a_warning(known):
    graph = Graph.from_triples([("a", "r", "a"), ("a", "r", "b")])
    encoder = GraphEncoder("complex", graph, dim=4)
    for asked in (("a", "r", None), ("a", None, "b"), (None, "r", "b")):
        found = complete(encoder, *asked, graph=graph, known=known, calibrator=FLAT)
        assert all(0 <= p.probability <= 1 for p in found)


def test_a_graph_with_more_entities_is_read_by_label(encoder):
    other = Graph.from_triples([("Mars", "borders", "Austria"), ("Austria", "borders", "Malta")])
    found = complete(encoder, "Austria", "borders", None, graph=other, known="show", top=1000)
    assert {p.label for p in found if p.is_known} == {"Malta"}


def test_nearest(lands):
    for name in ("complex", "transe"):
        encoder = GraphEncoder(name, lands, dim=8, seed=2)
        vectors = encoder.vectors().detach()
        entity = lands.entities.id("Austria")
        if name == "complex":
            expected = torch.cosine_similarity(vectors, vectors[entity][None])
        else:
            expected = -(vectors - vectors[entity]).norm(dim=1)
        expected[entity] = -torch.inf
        order = expected.argsort(descending=True).tolist()
        found = nearest(encoder, "Austria", top=4)
        assert [n.label for n in found] == [lands.entities[i] for i in order[:4]]
        assert found[0].similarity == pytest.approx(expected[order[0]].item(), abs=1e-4)
        assert len(nearest(encoder, "Austria", top=1000)) == len(lands.entities) - 1


@pytest.mark.parametrize("name", ["complex", "transe"])
@pytest.mark.parametrize("scores", [1, 4_000_000])
def test_neighbours_of_many_together_equal_one_at_a_time(lands, name, scores, monkeypatch):
    monkeypatch.setattr(calibrate, "CHUNK_SCORES", scores)
    encoder = GraphEncoder(name, lands, dim=8, seed=2)
    asked = ["Austria", "Vienna", "Malta", "Austria"]
    together = nearest_many(encoder, asked, top=5)
    for label, found in zip(asked, together, strict=True):
        alone = nearest(encoder, label, top=5)
        assert [n.label for n in found] == [n.label for n in alone]
        np.testing.assert_allclose(
            [n.similarity for n in found], [n.similarity for n in alone], atol=1e-5
        )
        assert label not in {n.label for n in found}
    assert nearest_many(encoder, []) == []
    assert [len(found) for found in nearest_many(encoder, asked, top=1000)] == [
        lands.num_entities - 1
    ] * 4


def test_what_cannot_be_asked_is_told(lands, encoder):
    with pytest.raises(DataError, match="exactly one of head, relation and tail must be None"):
        complete(encoder, "Austria", None, None)
    with pytest.raises(DataError, match="exactly one"):
        complete(encoder, "Austria", "borders", "Italy")
    with pytest.raises(DataError, match=r"entity must be one of .* Did you mean 'Austria'"):
        complete(encoder, "Austia", "borders", None)
    with pytest.raises(DataError, match=r"relation must be one of .* Did you mean 'borders'"):
        complete(encoder, "Austria", "border", None)
    with pytest.raises(ChoiceError, match="known must be one of hide, show"):
        complete(encoder, "Austria", "borders", None, known="hid")
    with pytest.raises(ConfigError, match="top must be between 1"):
        complete(encoder, "Austria", "borders", None, top=0)
    for ask in (lambda: complete(encoder, "Malta", "borders", None, top=2.5),
                lambda: nearest(encoder, "Malta", top=2.5)):  # fmt: skip
        with pytest.raises(ConfigError, match=r"top must be a whole number from 1 .*; got 2\.5"):
            ask()
    with pytest.raises(DataError, match="Did you mean 'Malta'"):
        nearest(encoder, "Malt")
    with pytest.raises(DataError, match="Did you mean 'Malta'"):
        nearest_many(encoder, ["Austria", "Malt"])
    with pytest.raises(ConfigError, match=r"label must be of type str; got list\. Ask"):
        nearest(encoder, ["Austria", "Malta"])
    with pytest.raises(ConfigError, match=r"labels must be a list .*; got 'Malta'\. Ask nearest"):
        nearest_many(encoder, "Malta")
    with pytest.raises(ConfigError, match=r"labels must be a list of labels; got None\. Ask"):
        nearest_many(encoder, None)
    with pytest.raises(ConfigError, match="complete: graph must be of type Graph; got str"):
        complete(encoder, "Austria", "borders", None, graph="facts.tsv")
    with pytest.raises(
        ConfigError, match=r"^complete: encoder must score entities.*; got Graph\. Give the trained"
    ):
        complete(lands, "Austria", "borders", None)
    with pytest.raises(DataError, match=r"entity must be one of .*; got \['Austria'\]"):
        complete(encoder, ["Austria"], "borders", None)


def test_scores_that_are_no_numbers_are_told(lands):
    encoder = GraphEncoder("distmult", lands, dim=4)
    with torch.no_grad():
        encoder.entity_table.fill_(float("nan"))
    with pytest.raises(DataError, match="must hold numbers; they hold a NaN"):
        complete(encoder, "Austria", "borders", None)
    for name in ("distmult", "transe"):
        encoder = GraphEncoder(name, lands, dim=4)
        with torch.no_grad():
            encoder.entity_table[lands.entities.id("Malta")] = float("nan")
        for label in ("Malta", "Austria"):
            with pytest.raises(DataError, match="vectors must hold numbers; they hold a NaN"):
                nearest(encoder, label)


@pytest.mark.parametrize("query", [("a", None), ("a", "r", None, "b"), "abc", 1, None])
def test_a_query_is_of_three_parts(encoder, query):
    with pytest.raises(DataError, match=r"a query must be \(head, relation, tail\)"):
        complete_many(encoder, [query])


def test_a_query_may_be_a_row_of_any_kind(lands, encoder):
    asked = (lands.entities[0], lands.relations[0], None)
    expected = complete_many(encoder, [asked])
    assert complete_many(encoder, [deque(asked)]) == expected
    assert complete_many(encoder, [np.array(asked, dtype=object)]) == expected
