"""Triple classification: thresholds against trying them all, corruptions against the facts."""

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError, ShapeError
from lichen.data.graph import Graph
from lichen.embedding.classify import best_threshold, corrupt, triple_classification
from lichen.embedding.encoder import GraphEncoder


def mistakes(cut, true, false):
    return sum(x < cut for x in true) + sum(x >= cut for x in false)


@pytest.mark.parametrize("seed", range(5))
def test_threshold_is_as_good_as_any(seed):
    draw = np.random.default_rng(seed)
    true, false = draw.integers(2, 9, 12).astype(float), draw.integers(0, 6, 9).astype(float)
    tried = [mistakes(cut, true, false) for cut in np.arange(-1, 10, 0.25)]
    assert mistakes(best_threshold(true, false), true, false) == min(tried)


def test_threshold_at_the_ends():
    assert best_threshold(np.array([1.0, 2.0]), np.empty(0)) <= 1.0
    assert best_threshold(np.empty(0), np.array([1.0, 2.0])) > 2.0


def kinds(seed=0, *, num_facts=400):
    """Facts between people and places: lives_in goes to a place, knows to a person."""
    draw = np.random.default_rng(seed)
    facts = {}
    while len(facts) < num_facts:
        a, b = draw.integers(30, size=2)
        fact = (f"p{a}", "knows", f"p{b}") if draw.random() < 0.5 else (f"p{a}", "lives", f"c{b}")
        facts[fact] = None
    facts = list(facts)
    return Graph.from_triples(facts[:300], splits={"valid": facts[300:350], "test": facts[350:]})


def test_corruptions_are_no_facts_and_keep_their_kind():
    graph = kinds()
    facts = graph.split("test")
    found = corrupt(graph, facts, draw=np.random.default_rng(0))
    known = set(map(tuple, graph.triples.tolist()))
    for (h, r, t), twin in zip(facts.tolist(), found.tolist(), strict=True):
        assert tuple(twin) not in known
        assert twin[1] == r
        assert (twin[0] == h) != (twin[2] == t)
        assert graph.entities[twin[0]].startswith("p")
        assert graph.entities[twin[2]][0] == ("p" if graph.relations[r] == "knows" else "c")
    assert (found[:, 0] != facts[:, 0]).any()
    assert (found[:, 2] != facts[:, 2]).any()
    again = corrupt(graph, facts, draw=np.random.default_rng(0))
    np.testing.assert_array_equal(found, again)


def test_a_relation_with_one_entity_at_each_end_takes_any_other():
    graph = Graph.from_triples([("a", "r", "b"), ("c", "s", "d"), ("d", "s", "c")])
    found = corrupt(graph, graph.triples[:1], draw=np.random.default_rng(1))
    assert found.tolist()[0] not in graph.triples.tolist()


def test_no_corruption_is_an_error():
    graph = Graph.from_triples([(a, "r", b) for a in "xy" for b in "xy"])
    with pytest.raises(DataError, match="must have a corruption that is no fact; found none for 4"):
        corrupt(graph, graph.triples, draw=np.random.default_rng(0))


class Oracle:
    """Knows each fact, on a scale of its own for each relation."""

    def __init__(self, graph, *, flip=0.0):
        self.num_entities, self.num_relations = graph.num_entities, graph.num_relations
        self.known = set(map(tuple, graph.triples.tolist()))
        self.flip, self.draw = flip, np.random.default_rng(0)

    def score(self, h, r, t):
        found = []
        for fact in zip(h.tolist(), r.tolist(), t.tolist(), strict=True):
            is_true = (fact in self.known) != (self.draw.random() < self.flip)
            found.append(100.0 * fact[1] + is_true)
        return torch.tensor(found)


def test_an_oracle_is_always_right_and_thresholds_are_of_each_relation():
    graph = kinds()
    found = triple_classification(Oracle(graph), graph)
    assert (found.accuracy, found.f1, found.precision, found.recall) == (1.0, 1.0, 1.0, 1.0)
    assert found.num_facts == len(graph.split("test"))
    assert {k: v.threshold for k, v in found.by_relation.items()} == {
        label: 100 * r + 0.5 for r, label in enumerate(graph.relations)
    }
    assert sum(x.num_facts for x in found.by_relation.values()) == found.num_facts
    assert str(found).startswith("accuracy 1.000, F1 1.000")


def test_a_noisy_oracle_is_right_as_often_as_it_says():
    graph = kinds(num_facts=900)
    found = triple_classification(Oracle(graph, flip=0.2), graph)
    assert found.accuracy == pytest.approx(0.8, abs=0.05)
    assert found.f1 == pytest.approx(2 / (1 / found.precision + 1 / found.recall))


def test_an_untuned_relation_takes_the_threshold_of_all():
    facts = [(f"p{i}", "knows", f"p{(i * 7) % 11}") for i in range(11)]
    splits = {"valid": facts[6:8], "test": [*facts[8:], ("p1", "likes", "p2")]}
    graph = Graph.from_triples(facts[:6], splits=splits)
    found = triple_classification(GraphEncoder("complex", graph, dim=4), graph)
    assert found.untuned == ("likes",)
    assert "1 relations not tuned" in str(found)


class Scorer:
    """Scores facts as it is told to, whatever they say."""

    num_entities, num_relations = 5, 3

    def __init__(self, scores):
        self.scores = iter(scores)

    def score(self, *ids):
        return torch.tensor([next(self.scores) for _ in ids[0]], dtype=torch.float64)


def test_given_negatives_are_judged_each_with_its_relation():
    splits = {"valid": [("a", "r", "c"), ("a", "s", "c")], "test": [("b", "r", "c")]}
    graph = Graph.from_triples([("a", "r", "b"), ("d", "q", "e")], splits=splits)
    r, q, s = graph.relations.ids(["r", "q", "s"]).tolist()
    negatives = {
        "valid": np.array([[1, r, 0], [2, s, 0]]),
        "test": np.array([[4, r, 0], [3, s, 1], [4, s, 1], [2, q, 3]]),
    }
    tuning = [1.0, 9.0, 0.0, 7.0]  # the thresholds are 0.5 of r, 8 of s, and of all 0.5 or 8
    found = triple_classification(
        Scorer([*tuning, 0.7, 0.6, 8.5, 7.9, -1.0]), graph, negatives=negatives
    )
    assert found.by_relation["r"] == (0.5, 1, 1, 0.5)
    assert found.by_relation["s"] == (0.5, 0, 2, 8.0)
    assert found.by_relation["q"][:3] == (1.0, 0, 1)
    assert (found.num_facts, found.num_false, found.untuned) == (1, 4, ("q",))
    assert (found.num_unseen, found.num_unseen_relation, found.num_loops) == (1, 0, 0)
    assert (found.accuracy, found.precision, found.recall) == (0.6, 1 / 3, 1.0)
    assert found.f1 == 0.5
    assert str(found).endswith(
        "1 facts, 1 with an unseen entity, and 4 false ones, 1 relations not tuned"
    )


def test_absent_negatives_are_told():
    graph = kinds()
    encoder = GraphEncoder("complex", graph, dim=4)
    with pytest.raises(DataError) as told:
        triple_classification(encoder, graph, negatives={"valid": graph.triples[:3]})
    assert str(told.value) == (
        "negatives must hold at least one false fact of the test split; got {'valid': 3}. Add "
        "some, or pass None to have each fact corrupted."
    )


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (
            [1, 0, 2],
            ShapeError,
            r"negatives\['test'\] must have shape \(false, 3\), .*; got \(3,\)\.",
        ),
        ([[1, 0]], ShapeError, r"negatives\['test'\] must have shape .*; got \(1, 2\)\."),
        (
            [[1, 0, 2], [1, 0]],
            ShapeError,
            r"negatives\['test'\]: .* must be .* lists of one length",
        ),
        ([[1.5, 0, 2]], DataError, r"negatives\['test'\]: .* ids must be whole numbers; got 1\.5"),
        ([("p1", "knows", "p2")], DataError, r"negatives\['test'\]: .* whole numbers; got 'p1'"),
        ([[1, 0, 10_000]], DataError, "entity ids must be from 0 to"),
        (5, ShapeError, r"negatives\['test'\] must have shape \(false, 3\), .*; got \(\)\."),
        (None, DataError, "negatives must hold at least one false fact of the test split"),
    ],
)
def test_negatives_of_another_shape_are_told(given, error, said):
    graph = kinds()
    encoder = GraphEncoder("complex", graph, dim=4)
    negatives = {"valid": graph.triples[:3]} | ({} if given is None else {"test": given})
    with pytest.raises(error, match=f"^{said}") as told:
        triple_classification(encoder, graph, negatives=negatives)
    assert "\n" not in str(told.value)
    with pytest.raises(ConfigError, match=r"negatives must be of type Mapping; got ndarray\. Give"):
        triple_classification(encoder, graph, negatives=graph.triples[:3])


def test_negatives_may_be_lists_or_tensors():
    graph = kinds()
    encoder = GraphEncoder("complex", graph, dim=4)
    rows = graph.triples[:3, [2, 1, 0]].copy()
    found = [
        triple_classification(
            encoder, graph, negatives=dict.fromkeys(("valid", "test"), kind(rows))
        )
        for kind in (np.array, np.ndarray.tolist, torch.from_numpy)
    ]
    assert found[0] == found[1] == found[2]


def test_bad_input_is_told():
    graph = kinds()
    encoder = GraphEncoder("complex", graph, dim=4)
    with pytest.raises(DataError, match="got 'dev'"):
        triple_classification(encoder, graph, tune="dev")
    with torch.no_grad():
        encoder.entity_table.fill_(float("nan"))
    with pytest.raises(DataError, match="must hold numbers; they hold a NaN"):
        triple_classification(encoder, graph)
