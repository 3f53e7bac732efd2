"""The path model: other graphs, new entities and facts, saving, wrong input."""

import numpy as np
import pytest
import torch

from lichen.base.errors import ArtifactError, ConfigError, DataError, ShapeError
from lichen.data.graph import Graph
from lichen.embedding.evaluate import evaluate
from lichen.embedding.path import model as module
from lichen.embedding.path.config import PathConfig
from lichen.embedding.path.model import PathModel
from lichen.embedding.path.train import train_paths


def family(prefix, count, *, hide=()):
    """Chains of ancestors: a grandparent is a parent's parent."""
    people = [f"{prefix}{i}" for i in range(count)]
    facts = [(people[i], "parent", people[i + 1]) for i in range(count - 1)]
    far = [(people[i], "grandparent", people[i + 2]) for i in range(count - 2)]
    shown = [x for i, x in enumerate(far) if i not in hide]
    hidden = [x for i, x in enumerate(far) if i in hide]
    return Graph.from_triples(facts + shown, splits={"test": hidden})


@pytest.fixture(scope="module")
def trained():
    graph = family("a", 40)
    model = PathModel(graph, dim=16, num_layers=3, seed=1)
    train_paths(model, graph, config=PathConfig(epochs=15, batch_size=16, negatives=8))
    return model


@pytest.fixture(scope="module")
def unseen():
    return family("b", 20, hide=(3, 9, 15))


def test_answers_about_entities_that_training_never_saw(trained, unseen):
    found = evaluate(trained.on(unseen), unseen)
    assert found.both.hits[1] >= 0.8
    untrained = PathModel(unseen, dim=16, num_layers=3).on(unseen)
    assert found.both.mrr > evaluate(untrained, unseen).both.mrr + 0.3


def test_a_new_fact_counts_at_once(trained):
    facts = [("x", "parent", "y"), ("u", "parent", "v"), ("v", "parent", "w")]
    before = Graph.from_triples([*facts, ("p", "grandparent", "q")])
    after = Graph.from_triples([*facts, ("p", "grandparent", "q"), ("y", "parent", "z")])
    asked = after.entities.id("x"), after.relations.id("grandparent")
    scores = trained.on(after).score_directed([asked[0]], [asked[1]])[0]
    assert after.entities[int(scores.argmax())] == "z"
    assert trained.on(before).score_directed([asked[0]], [asked[1]]).shape == (1, 7)


def test_relations_are_matched_by_label_not_by_number(trained, unseen):
    turned = Graph.from_triples(
        [
            (unseen.entities[h], unseen.relations[r], unseen.entities[t])
            for h, r, t in unseen.split("train")[::-1].tolist()
        ]
    )
    assert turned.relations.labels != unseen.relations.labels
    scores = trained.on(unseen).score_directed(*asked(unseen))
    other = trained.on(turned).score_directed(*asked(turned))
    order = unseen.entities.ids(turned.entities)
    torch.testing.assert_close(other, scores[:, order], rtol=1e-4, atol=1e-5)


def asked(graph):
    r = graph.relations.id("grandparent")
    entity = [graph.entities.id("b4"), graph.entities.id("b8")]
    return entity, [r, r + graph.num_relations]


def test_blocks_change_nothing_and_out_is_written(trained, unseen, monkeypatch):
    model = trained.on(unseen)
    entity = np.arange(unseen.num_entities)
    relation = np.zeros_like(entity)
    whole = model.score_directed(entity, relation)
    monkeypatch.setattr(module, "CHUNK_PAIRS", 3 * unseen.num_entities)
    out = torch.empty_like(whole)
    assert model.score_directed(torch.from_numpy(entity), relation, out=out) is out
    torch.testing.assert_close(out, whole)


class Counting(PathModel):
    """Remembers how many questions each step asks, and of how many candidates."""

    def score_candidates(self, entity, relation, candidates, **rest):
        self.asked.append((len(entity), None if candidates is None else candidates.shape[1]))
        return super().score_candidates(entity, relation, candidates, **rest)


@pytest.mark.parametrize("pairs", [200_000, 40])
def test_equal_questions_are_asked_once(unseen, monkeypatch, pairs):
    monkeypatch.setattr(module, "CHUNK_PAIRS", pairs)
    model = Counting(unseen, dim=4, num_layers=2)
    r = [1, 0, 1, 1, 0, 1]
    h, t = [3, 3, 3, 7, 3, 3], [5, 2, 1, 5, 2, 5]
    model.asked = []
    every = model.score_directed(h, r)
    assert sum(count for count, _ in model.asked) == 3
    alone = [model.score_directed([one], [by])[0] for one, by in zip(h, r, strict=True)]
    torch.testing.assert_close(every, torch.stack(alone))
    model.asked = []
    found = model.score(h, r, t)
    assert sum(count for count, _ in model.asked) == 3
    assert max(width for _, width in model.asked) == 2
    torch.testing.assert_close(found, every[torch.arange(6), t])
    model.asked = []
    between = model.score_relations([3, 3], [5, 2])
    assert sum(count for count, _ in model.asked) == unseen.num_relations
    expected = [[model.score([3], [by], [end]).item() for by in (0, 1)] for end in (5, 2)]
    torch.testing.assert_close(between, torch.tensor(expected))


def test_nothing_asked_is_nothing_scored(trained):
    assert trained.score([], [], []).shape == (0,)
    assert trained.score_relations([], []).shape == (0, 2)
    assert trained.score_directed([], []).shape == (0, 40)
    assert trained.score(3, 0, 4).shape == ()


def test_weights_are_shared_with_another_graph(trained, unseen):
    there = trained.on(unseen)
    assert there.network is trained.network
    assert there.entities == unseen.entities
    assert trained.num_entities == 40
    assert (there.num_entities, there.num_relations) == (20, 2)
    assert trained.relations == trained.known_relations


def test_saved_and_loaded_scores_are_equal(trained, unseen, tmp_path):
    loaded = PathModel.load(trained.save(tmp_path / "paths"), unseen)
    query = asked(unseen)
    assert torch.equal(loaded.score_directed(*query), trained.on(unseen).score_directed(*query))
    (tmp_path / "paths" / "model.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"model\.json"):
        PathModel.load(tmp_path / "paths", unseen)


def test_an_entity_without_edges_is_scored(trained):
    graph = Graph.from_triples([("x", "parent", "y")], splits={"test": [("x", "parent", "alone")]})
    scores = trained.on(graph).score_directed([graph.entities.id("alone")], [0])
    assert torch.isfinite(scores).all()


def test_wrong_input_says_what_to_do(trained, unseen):
    with pytest.raises(DataError, match=r"'cousin' is not one of them"):
        trained.on(Graph.from_triples([("x", "cousin", "y")]))
    with pytest.raises(DataError, match=r"entity ids must be from 0 to 19; got 20 to 20"):
        trained.on(unseen).score_directed([20], [0])
    with pytest.raises(DataError, match=r"relation ids must be from 0 to 3; got -1"):
        trained.on(unseen).score_directed([0], [-1])
    with pytest.raises(DataError, match=r"entity ids must be whole numbers; got 1\.7"):
        trained.on(unseen).score_directed([1.7], [0])
    with pytest.raises(ShapeError, match=r"one shape, \(batch,\); got \(2,\) and \(3,\)"):
        trained.on(unseen).score_directed([0, 1], [0, 0, 0])
    with pytest.raises(DataError, match=r"relation ids must be from 0 to 1; got 2 to 2"):
        trained.on(unseen).score([0], [2], [1])  # the reverse of 0 is asked by its heads
    with pytest.raises(DataError, match=r"entity ids must be from 0 to 19; got 20 to 20"):
        trained.on(unseen).score_relations([0], [20])
    with pytest.raises(ShapeError, match=r"h, r and t must be as many, or one; got shapes"):
        trained.on(unseen).score([0, 1], [0], [0, 1, 2])
    with pytest.raises(ConfigError, match=r"num_layers must be between 1 and 50; got 0"):
        PathModel(unseen, num_layers=0)
    with pytest.raises(ConfigError, match=r"^dim must be between 1 and 100000; got 0\.$"):
        PathModel(unseen, dim=0)
    only_test = Graph(
        entities=unseen.entities,
        relations=unseen.relations,
        triples=unseen.triples,
        splits={"test": [0]},
    )
    with pytest.raises(DataError, match=r"must have a train split"):
        PathModel(only_test)
