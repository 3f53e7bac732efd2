"""New entities are answered about at once, by every encoder: from their text, facts or both."""

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.data.graph import Graph
from lichen.embedding.complete import complete
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.described import DescribedEncoder
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.gnn.encoder import GraphNetwork
from lichen.embedding.trainer import train_embedding

SORTS, EACH, WIDTH, DIM = 3, 5, 24, 16
WAYS = [(0, 1), (1, 2), (2, 0), (1, 1)]


@pytest.fixture(scope="module")
def market():
    """People buy the thing of their trade and town; a trade's vector alone leaves the town open."""
    draw = np.random.default_rng(0)
    facts = []
    for trade in range(SORTS):
        for town in range(SORTS):
            for person in (f"person {trade}{town}.{i}" for i in range(EACH)):
                facts.append((person, "buys", f"thing {trade}{town}"))
                facts += [(person, "lives in", f"town {town}"), (person, "is a", f"trade {trade}")]
    graph = Graph.from_triples(facts)
    trades, towns = draw.normal(size=(2, SORTS, WIDTH))
    features = draw.normal(size=(graph.num_entities, WIDTH))
    for row, label in enumerate(graph.entities):
        if label.startswith("person"):
            told = trades[int(label[7])] + towns[int(label[8])]
            features[row] = told + 0.3 * draw.normal(size=WIDTH)
    return graph, features, trades


def made(kind, scorer, graph, features):
    shape = {"dim": DIM, "seed": 1}
    if kind == "table":
        return GraphEncoder(scorer, graph, **shape)
    if kind == "network":
        pytest.importorskip("torch_geometric")
        layers = {"layers": "sage", "fan_out": (None,)}
        return GraphNetwork(scorer, graph, features=features, **layers, **shape)
    return DescribedEncoder(scorer, graph, features=features, learned=kind == "mixed", **shape)


@pytest.fixture(scope="module")
def trained(market):
    graph, features, _ = market
    config = EmbeddingConfig(epochs=30, learning_rate=0.03, candidates="all", batch_size=128)
    done = {}

    def train(kind, scorer):
        if (kind, scorer) not in done:
            done[kind, scorer] = made(kind, scorer, graph, features)
            train_embedding(done[kind, scorer], graph, config=config)
        return done[kind, scorer]

    return train


def rank_of_thing(encoder, trade, town):
    """Rank the thing that "new" should buy among the things, by `complete`."""
    answers = complete(encoder, "new", "buys", None, top=1000)
    things = [p.label for p in answers if p.label.startswith("thing")]
    return things.index(f"thing {trade}{town}") + 1


@pytest.mark.parametrize("scorer", ["distmult", "transe"])
@pytest.mark.parametrize("kind", ["alone", "mixed", "network"])
def test_text_and_facts_place_a_newcomer_better_than_either(market, trained, kind, scorer):
    encoder, trades = trained(kind, scorer), market[2]
    ranks = {"text": [], "facts": [], "both": []}
    for trade, town in WAYS:
        facts, texts = [("new", "lives in", f"town {town}")], {"new": trades[trade]}
        for way, given in [("text", ()), ("facts", facts), ("both", facts)]:
            grown = encoder.with_entities(given, texts=None if way == "facts" else texts)
            ranks[way].append(rank_of_thing(grown, trade, town))
    by_text, by_facts, by_both = (np.mean(ranks[way]) for way in ("text", "facts", "both"))
    assert by_both < min(by_text, by_facts) < (SORTS**2 + 1) / 2
    assert by_both <= 2


@pytest.mark.parametrize("scorer", ["distmult", "transe"])
def test_a_learned_table_completes_a_newcomer_by_its_facts(trained, scorer):
    facts = [("new", "lives in", "town 2"), ("new", "is a", "trade 0")]
    assert rank_of_thing(trained("table", scorer).with_entities(facts), 0, 2) == 1


def test_the_usual_length_is_measured_once_for_all_newcomers(monkeypatch):
    graph = Graph.from_triples([(f"e{i}", "next", f"e{i + 1}") for i in range(30)])
    encoder = GraphEncoder("distmult", graph, dim=4)
    measured, norm = [], torch.Tensor.norm

    def counted(self, *args, **kwargs):
        measured.append(tuple(self.shape))
        return norm(self, *args, **kwargs)

    monkeypatch.setattr(torch.Tensor, "norm", counted)
    grown = encoder.with_entities([(f"new {i}", "next", f"e{i}") for i in range(20)])
    assert grown.num_entities == encoder.num_entities + 20
    assert measured.count((31, 4)) == 1


def test_a_newcomer_beside_newcomers_alone_is_refused(market):
    encoder = made("table", "distmult", market[0], None)
    with pytest.raises(DataError, match="'far' must have a fact with an entity that was trained"):
        encoder.with_entities([("near", "lives in", "town 1"), ("far", "is a", "near")])


@pytest.mark.parametrize("kind", ["table", "alone", "mixed", "network"])
def test_a_grown_encoder_keeps_the_old_and_is_saved_whole(market, trained, kind, tmp_path):
    encoder, trades = trained(kind, "distmult"), market[2]
    texts = {} if kind == "table" else {"new": trades[0], "told": trades[1]}
    facts = [("person 00.0", "buys", "gift"), ("new", "lives in", "town 1")]
    grown = encoder.with_entities(facts, texts=texts)
    added = ["gift", "new", *list(texts)[1:]]
    assert list(grown.entities) == [*encoder.entities, *added]
    assert grown.training == encoder.training
    if kind != "network":  # there the facts also speak to the neighbours
        old = grown.vectors()[: encoder.num_entities]
        torch.testing.assert_close(old, encoder.vectors())
    loaded = GraphEncoder.load(grown.save(tmp_path))
    assert type(loaded) is type(encoder)
    assert torch.equal(loaded.vectors(), grown.vectors())
    one, other = (complete(x, "new", "buys", None, top=1)[0].label for x in (loaded, grown))
    assert one == other
    again = loaded.with_entities([("newer", "is a", "trade 2"), ("newer", "buys", "gift")])
    assert again.entities.id("newer") == grown.num_entities
    assert encoder.num_entities == len(market[0].entities)


@pytest.mark.parametrize("kind", ["alone", "mixed", "network"])
def test_a_newcomer_of_the_copy_is_where_encode_unseen_places_it(market, trained, kind):
    encoder, text = trained(kind, "distmult"), market[2][2]
    town, lives = encoder.entities.id("town 1"), encoder.relations.id("lives in")
    facts = [("new", "lives in", "town 1")]
    for given, texts in [((), {"new": text}), (facts, {}), (facts, {"new": text})]:
        placed = encoder.encode_unseen(
            as_head=[(lives, town)] if given else (), text=texts.get("new")
        )
        found = encoder.with_entities(given, texts=texts).vectors([encoder.num_entities])[0]
        torch.testing.assert_close(found.detach(), placed, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["table", "mixed", "network"])
def test_an_encoder_without_features_refuses_a_text_in_one_line(market, kind):
    encoder = made(kind, "distmult", market[0], None)
    with pytest.raises(ConfigError, match=r"text of 'new' must be left out: this .* reads no"):
        encoder.with_entities([("new", "lives in", "town 1")], texts={"new": [1.0, 2.0]})


@pytest.mark.parametrize("kind", ["table", "network"])
@pytest.mark.parametrize("fact", [("n", "next"), ("n", "next", "a", "b"), "abc"])
def test_what_is_no_triple_is_refused_in_one_line(market, kind, fact):
    encoder = made(kind, "distmult", market[0], None)
    with pytest.raises(DataError) as told:
        encoder.with_entities([fact])
    assert str(told.value) == (
        f"facts[0] must be (head, relation, tail), three texts; got {fact!r}. Give three labels a "
        "fact."
    )
