"""The paths behind an answer: real, found, and what the score rests on."""

import pytest
import torch

from lichen.base.errors import ConfigError
from lichen.data.graph import Graph
from lichen.embedding.path.config import PathConfig
from lichen.embedding.path.model import PathModel
from lichen.embedding.path.strongest import Step, strongest_paths
from lichen.embedding.path.train import train_paths


@pytest.fixture(scope="module")
def model():
    facts = [(f"a{i}", "parent", f"a{i + 1}") for i in range(39)]
    facts += [(f"a{i}", "grandparent", f"a{i + 2}") for i in range(38)]
    facts += [(f"a{i}", "lives_in", f"town{i % 4}") for i in range(40)]
    graph = Graph.from_triples(facts)
    model = PathModel(graph, dim=16, num_layers=3, seed=1)
    train_paths(model, graph, config=PathConfig(epochs=12, batch_size=16, negatives=8))
    return model.on(
        Graph.from_triples(
            [
                ("x", "lives_in", "town"),
                ("x", "parent", "y"),
                ("y", "parent", "z"),
                ("z", "lives_in", "town"),
                ("far", "grandparent", "away"),
            ]
        )
    )


def ids(model, *labels):
    return [model.entities.id(label) for label in labels]


def test_the_strongest_path_is_the_one_that_training_taught(model):
    x, y, z = ids(model, "x", "y", "z")
    parent, grandparent = (model.relations.id(label) for label in ("parent", "grandparent"))
    paths = strongest_paths(model, x, grandparent, z)
    assert paths[0].steps == (Step(x, parent, y), Step(y, parent, z))
    assert paths[0].weight > 0
    assert [path.weight for path in paths] == sorted((p.weight for p in paths), reverse=True)
    assert 1 < len(paths) <= 3


def test_asked_backwards_the_facts_keep_their_direction(model):
    x, y, z = ids(model, "x", "y", "z")
    parent, grandparent = (model.relations.id(label) for label in ("parent", "grandparent"))
    paths = strongest_paths(model, z, grandparent + model.num_relations, x, limit=1)
    assert [path.steps for path in paths] == [(Step(y, parent, z), Step(x, parent, y))]


def test_every_step_is_a_fact_that_follows_on(model):
    x, z = ids(model, "x", "z")
    facts = set()
    rows, edge = model.edges.leaving(torch.arange(model.num_entities).numpy())
    for u, e in zip(rows.tolist(), edge.tolist(), strict=True):
        r, v = int(model.view.edges.relation[e]), int(model.edges.target[e])
        label = model.known_relations[r % len(model.known_relations)]
        by = model.relations.id(label)
        facts.add((u, by, v) if r < len(model.known_relations) else (v, by, u))
    for path in strongest_paths(model, x, 0, z, limit=20):
        at = x
        for step in path.steps:
            assert tuple(step) in facts
            assert at in (step.h, step.t)
            at = step.t if at == step.h else step.h
        assert at == z
        assert len(path.steps) <= 3


def test_out_of_reach_there_is_no_path(model):
    x, far = ids(model, "x", "far")
    assert strongest_paths(model, x, 0, far) == []


def test_a_limit_of_none_is_refused(model):
    with pytest.raises(ConfigError, match="limit must be between 1"):
        strongest_paths(model, 0, 0, 1, limit=0)
