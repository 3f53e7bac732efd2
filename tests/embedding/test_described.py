"""Entity vectors from descriptions: alone, mixed, unseen, saved."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError, ShapeError
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.described import DescribedEncoder, description_vectors
from lichen.embedding.trainer import train_embedding
from lichen.lm.text_encoder import TextEncoder

KINDS, EACH, WIDTH, DIM = 3, 10, 6, 8


@pytest.fixture(scope="module")
def world():
    """Things of a kind go to that kind's place; their features say the kind."""
    draw = np.random.default_rng(0)
    kinds, places = draw.normal(size=(2, KINDS, WIDTH))
    labels = [f"thing{k}.{i}" for k in range(KINDS) for i in range(EACH)]
    graph = Graph.from_triples(
        [(label, "goes_to", f"place{label[5]}") for label in labels]
        + [(f"place{k}", "near", f"place{(k + 1) % KINDS}") for k in range(KINDS)]
    )
    said = [(kinds if x.startswith("thing") else places)[int(x[5])] for x in graph.entities.labels]
    features = np.stack(said) + 0.1 * draw.normal(size=(len(said), WIDTH))
    return graph, features, kinds


@pytest.fixture(scope="module", params=[False, True], ids=["alone", "mixed"])
def trained(request, world):
    graph, features, _ = world
    encoder = DescribedEncoder(
        "distmult", graph, features=features, learned=request.param, dim=DIM, seed=1
    )
    config = EmbeddingConfig(epochs=40, learning_rate=0.02, candidates="all", batch_size=64)
    report = train_embedding(encoder, graph, config=config)
    assert report.losses[-1] < report.losses[0]
    return encoder


def test_vectors_are_the_projected_features_and_the_learned_part(world, trained):
    graph, features, _ = world
    told = torch.tensor(features, dtype=torch.float32) @ trained.project
    expected = told + trained.entity_table if trained.learned else told
    torch.testing.assert_close(trained.vectors(), expected)
    ids = [[3, 1], [3, 0]]
    torch.testing.assert_close(trained.vectors(ids), expected[torch.tensor(ids)])
    assert not trained.is_table
    names = {name for name, _ in trained.named_parameters()}
    assert ("entity_table" in names) == trained.learned
    assert graph.num_entities == len(trained.features)


def test_features_stay_as_they_were(world, trained):
    torch.testing.assert_close(trained.features, torch.tensor(world[1], dtype=torch.float32))


def test_a_described_entity_never_seen_is_placed_by_its_text(world, trained):
    if trained.learned:
        pytest.skip("beside learned vectors a text alone is a weaker guess")
    graph, _, kinds = world
    relation = trained.relation_table[[graph.relations.id("goes_to")]]
    places = [graph.entities.id(f"place{k}") for k in range(KINDS)]
    for kind in range(KINDS):
        new = trained.encode_unseen(text=kinds[kind])
        query = trained.scorer.tail_query(new[None], relation)
        scores = (query @ trained.vectors().T)[0, places]
        assert int(scores.argmax()) == kind


def test_a_grown_encoder_keeps_texts_as_features_and_facts_as_own_vectors(world, trained):
    graph, _, kinds = world
    facts = [("silent", "goes_to", "place0"), ("new", "goes_to", "place1")]
    grown = trained.with_entities(facts, texts={"new": torch.tensor(kinds[1])})
    said = torch.tensor(np.stack([np.zeros(WIDTH), kinds[1]]), dtype=torch.float32)
    assert torch.equal(grown.features[-2:], said)
    old = slice(graph.num_entities)
    assert torch.equal(grown.entity_table[old], trained.entity_table)
    silent = trained.encode_unseen(as_head=[[0, graph.entities.id("place0")]])
    torch.testing.assert_close(grown.entity_table[-2], silent, check_stride=False)
    names = {name for name, _ in grown.named_parameters()}
    assert names == {name for name, _ in trained.named_parameters()}


def test_without_text_its_facts_place_it(world, trained):
    graph = world[0]
    new = trained.encode_unseen(as_head=[[0, graph.entities.id("place1")]])
    assert new.shape == (trained.entity_dim,)
    assert new.norm() > 0


def test_saved_and_loaded_vectors_are_equal(trained, tmp_path):
    loaded = DescribedEncoder.load(trained.save(tmp_path))
    assert torch.equal(loaded.vectors(), trained.vectors())
    assert torch.equal(loaded.relation_table, trained.relation_table)
    assert (loaded.learned, loaded.scorer_name) == (trained.learned, "distmult")


def test_without_features_it_is_the_learned_table(world):
    encoder = DescribedEncoder("complex", world[0], features=None, dim=DIM)
    assert torch.equal(encoder.vectors(), encoder.entity_table)


def test_wrong_input_says_what_to_do(world, trained):
    graph, features, _ = world
    with pytest.raises(ShapeError, match=r"features must have shape \(33, width\).*got \(4, 6\)"):
        DescribedEncoder("distmult", graph, features=features[:4])
    with pytest.raises(ConfigError, match="learned must be True where there are no features"):
        DescribedEncoder("distmult", graph, features=None, learned=False)
    with pytest.raises(ConfigError, match=r"^dim must be between 1 and 1000000; got 0\.$"):
        DescribedEncoder("distmult", graph, features=features, dim=0)
    with pytest.raises(ShapeError, match=r"text must be a vector of shape \(6,\).*got \(2,\)"):
        trained.encode_unseen(text=[1.0, 2.0])
    with pytest.raises(DataError, match="entity ids must be from 0 to 32; got 33 to 33"):
        trained.vectors([33])
    with pytest.raises(
        ShapeError, match=r"text of 'new' must be a vector .*; got 'a thing'. Encode"
    ):
        trained.with_entities(texts={"new": "a thing"})


def test_description_vectors_are_the_language_models_and_are_read_once(tmp_path, monkeypatch):
    graph = Graph.from_triples([("Vienna", "in", "Austria")])
    graph = replace(graph, descriptions={0: "the capital, on the Danube"})
    text = TextEncoder.load()
    expected = text.encode(["Vienna: the capital, on the Danube", "Austria"])
    found = description_vectors(graph, text, folder=tmp_path)
    np.testing.assert_allclose(found, expected, atol=2e-3)
    assert found.norm(dim=1) == pytest.approx(1, abs=1e-3)
    read = []
    tokens = TextEncoder.tokens
    monkeypatch.setattr(
        TextEncoder, "tokens", lambda self, texts: read.extend(texts) or tokens(self, texts)
    )
    assert torch.equal(description_vectors(graph, text, folder=tmp_path), found)
    assert read == []
    description_vectors(replace(graph, descriptions={0: "on the Danube"}), text, folder=tmp_path)
    assert read == ["Vienna: on the Danube"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_no_numbers_are_refused(value):
    graph = Graph.from_triples([("Vienna", "in", "Austria")])
    features = np.ones((2, 3))
    features[1, 2] = value
    with pytest.raises(DataError, match=r"features must be numbers; row 1 holds a NaN"):
        DescribedEncoder("distmult", graph, dim=4, features=features)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("make", [np.asarray, torch.tensor, list])
def test_a_text_that_is_no_numbers_is_refused(trained, value, make):
    said = make([1.0, value, *[0.0] * (WIDTH - 2)])
    told = r"must be numbers; it holds a NaN or an infinity\. Look at how that entity was described"
    with pytest.raises(DataError, match=rf"^text of 'new' {told}"):
        trained.with_entities(texts={"new": said})
    with pytest.raises(DataError, match=rf"^text {told}"):
        trained.encode_unseen(text=said)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("abc", "str"),
        ({"a": 1.0}, "dict"),
        ([["a", "b"]] * 33, "list"),
        ([["1", "2"]] * 33, "list"),
        ([[1.0], [1.0, 2.0]], "list"),
        (np.array([[None]] * 33), "ndarray"),
    ],
    ids=["text", "mapping", "words", "digits", "ragged", "nothing"],
)
def test_features_and_texts_of_another_type_are_one_clear_line(world, trained, given, kind):
    told = rf"must be an array of numbers; got a {kind} of something else\. Give what"
    with pytest.raises(DataError, match=f"^features {told}"):
        DescribedEncoder("distmult", world[0], features=given)
    if not isinstance(given, str):
        with pytest.raises(DataError, match=f"^text of 'new' {told}"):
            trained.with_entities(texts={"new": given})
