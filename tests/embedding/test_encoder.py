import subprocess
import sys

import numpy as np
import pytest
import torch

from lichen.base.errors import ArtifactError, ChoiceError, ConfigError, DataError, ShapeError
from lichen.data.graph import Graph
from lichen.embedding.described import DescribedEncoder
from lichen.embedding.encoder import GraphEncoder

FACTS = [
    ("Vienna", "capital_of", "Austria"),
    ("Paris", "capital_of", "France"),
    ("Austria", "borders", "Germany"),
    ("France", "borders", "Germany"),
]


@pytest.fixture
def graph():
    return Graph.from_triples(FACTS)


@pytest.fixture
def encoder(graph):
    return GraphEncoder("complex", graph, dim=8, seed=1)


def test_widths_and_shapes(encoder):
    assert (encoder.entity_dim, encoder.relation_dim) == (8, 8)
    assert (encoder.num_entities, encoder.num_relations) == (5, 2)
    assert encoder.vectors([[0, 1], [2, 3]]).shape == (2, 2, 8)
    assert encoder(torch.tensor([4])).shape == (1, 8)
    assert encoder.vectors().shape == (5, 8)
    assert encoder.score_tails([0, 1], [0, 1]).shape == (2, 5)
    assert encoder.score_heads([0, 1], [2, 3]).shape == (2, 5)


def test_one_fact_scores_as_in_one_against_all(graph, encoder):
    h, r, t = graph.triples.T.copy()
    rows = np.arange(len(h))
    torch.testing.assert_close(encoder.score_tails(h, r)[rows, t], encoder.score(h, r, t))
    both = encoder.interaction(encoder.vectors(h), encoder.vectors(t)) * encoder.relation_table[r]
    torch.testing.assert_close(both.sum(-1), encoder.score(h, r, t))


def test_heads_are_asked_for_by_the_reverse_relation(encoder):
    reverse = encoder.relation_table[[2, 3]]
    expected = encoder.scorer.score_tails(encoder.vectors([2, 3]), reverse, encoder.vectors())
    torch.testing.assert_close(encoder.score_heads([0, 1], [2, 3]), expected)
    torch.testing.assert_close(encoder.score_directed([2, 3], [2, 3]), expected)


def test_gradients_reach_both_tables(encoder):
    (encoder.score([0], [0], [1]) + encoder.score_heads([0], [1]).sum()).sum().backward()
    assert encoder.entity_table.grad.abs().sum() > 0
    assert encoder.relation_table.grad[[0, 2]].abs().sum() > 0
    assert encoder.relation_table.grad[[1, 3]].abs().sum() == 0


def test_same_seed_same_start(graph, encoder):
    again = GraphEncoder("complex", graph, dim=8, seed=1)
    other = GraphEncoder("complex", graph, dim=8, seed=2)
    assert torch.equal(again.vectors(), encoder.vectors())
    assert not torch.equal(other.vectors(), encoder.vectors())


@pytest.mark.parametrize("wrong", [-1, 5])
def test_ids_outside_are_refused(encoder, wrong):
    with pytest.raises(DataError, match="entity ids must be from 0 to 4"):
        encoder.vectors([wrong])
    with pytest.raises(DataError, match="relation ids must be from 0 to 1"):
        encoder.score([0], torch.tensor([2]), [1])


def test_bad_settings_are_refused(graph):
    with pytest.raises(ChoiceError, match="Did you mean 'complex'"):
        GraphEncoder("compelx", graph)
    with pytest.raises(ConfigError, match=r"^dim must be between 1 and 1000000; got 0\.$"):
        GraphEncoder("distmult", graph, dim=0)
    with pytest.raises(ConfigError, match="Use 8"):
        GraphEncoder("complex", graph, dim=7)


def test_save_and_load(encoder, graph, tmp_path):
    folder = encoder.save(tmp_path / "encoder")
    files = {"lichen.json", "model.safetensors", "encoder.json", "entities.json", "relations.json"}
    assert {path.name for path in folder.iterdir()} == files
    again = GraphEncoder.load(folder)
    assert torch.equal(again.vectors(), encoder.vectors())
    assert again.entities == graph.entities
    assert again.relations == graph.relations
    (folder / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ArtifactError, match="must have the hash"):
        GraphEncoder.load(folder)
    with pytest.raises(ArtifactError, match="holds no complete graph-encoder"):
        GraphEncoder.load(tmp_path / "nowhere")


def test_unseen_entity_needs_pairs_of_known_ids(encoder):
    assert encoder.encode_unseen().tolist() == [0.0] * 8
    with pytest.raises(ShapeError, match=r"as_head must have shape \(facts, 2\); got \(3,\)"):
        encoder.encode_unseen(as_head=[0, 1, 2])
    with pytest.raises(DataError, match="relation ids must be from 0 to 1"):
        encoder.encode_unseen(as_head=[(2, 0)])
    with pytest.raises(DataError, match="entity ids must be from 0 to 4"):
        encoder.encode_unseen(as_tail=[(9, 0)])


def test_new_entities_are_known_at_once_and_the_old_stay(graph, encoder):
    facts = [("Berne", "capital_of", "Switzerland"), ("Switzerland", "borders", "Austria")]
    with pytest.raises(
        DataError, match=r"'Berne' must have a fact with an entity that was trained"
    ):
        encoder.with_entities(facts)
    grown = encoder.with_entities(
        [
            ("Switzerland", "borders", "Austria"),
            ("Austria", "borders", "Switzerland"),
            ("Vienna", "capital_of", "Austria"),
        ]
    )
    assert list(grown.entities) == [*encoder.entities, "Switzerland"]
    assert torch.equal(grown.vectors()[:5], encoder.vectors())
    assert encoder.num_entities == 5
    austria, borders = graph.entities.id("Austria"), graph.relations.id("borders")
    placed = encoder.encode_unseen(as_head=[(borders, austria)], as_tail=[(austria, borders)])
    assert torch.equal(grown.vectors()[5], placed)
    assert grown.score_tails([5], [borders]).shape == (1, 6)
    twice = grown.with_entities([("Berne", "capital_of", "Switzerland")])
    assert twice.num_entities == 7
    with pytest.raises(DataError, match="relation"):
        encoder.with_entities([("Berne", "capital of", "Austria")])


def test_heads_by_the_same_formula_without_reciprocal_relations(graph):
    plain = GraphEncoder("complex", graph, dim=8, seed=1, reciprocal=False)
    assert plain.relation_table.shape == (2, 8)
    h, r, t = graph.triples.T.copy()
    rows = np.arange(len(h))
    torch.testing.assert_close(plain.score_heads(r, t)[rows, h], plain.score(h, r, t))
    torch.testing.assert_close(plain.score_directed(t, r + 2)[rows, h], plain.score(h, r, t))
    torch.testing.assert_close(plain.score_relations(h, t)[rows, r], plain.score(h, r, t))
    with pytest.raises(ConfigError, match="reciprocal must be True for conve"):
        GraphEncoder("conve", graph, dim=32, reciprocal=False)


def test_load_finds_the_class_that_was_saved(graph, tmp_path):
    features = np.eye(5, dtype=np.float32)
    described = DescribedEncoder("distmult", graph, features=features, dim=4)
    again = GraphEncoder.load(described.save(tmp_path / "described"))
    assert isinstance(again, DescribedEncoder)
    assert not again.training
    torch.testing.assert_close(again.vectors(), described.vectors())


@pytest.mark.parametrize("kind", [GraphEncoder, DescribedEncoder])
def test_saved_vectors_stay_in_their_file_until_they_are_read(tmp_path, kind):
    """Opening 100 MB of vectors takes far less memory of one's own than that."""
    labels = [f"e{i}" for i in range(50_000)]
    graph = Graph.from_triples([(label, "r", "e0") for label in labels])
    more = {} if kind is GraphEncoder else {"features": np.ones((50_000, 8), dtype=np.float32)}
    kind("distmult", graph, dim=512, **more).save(tmp_path / "nodes")
    program = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from lichen.embedding.encoder import GraphEncoder\n"
        "def own(): return int(re.search(r'RssAnon:\\s+(\\d+)', "
        "Path('/proc/self/status').read_text())[1])\n"
        "before = own()\n"
        "encoder = GraphEncoder.load(sys.argv[1])\n"
        "print(own() - before, encoder.entity_table.nbytes // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "nodes")],
        capture_output=True,
        text=True,
        check=True,
    )
    added, size = map(int, done.stdout.split())
    assert size > 95_000
    assert added < size / 3
