"""Claims: balanced, kept apart, and silent about truth to whoever has only the text."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from lichen.base.errors import ConfigError, DataError
from lichen.data.atlas import load_graph
from lichen.data.atlas.claims import claims, removed
from lichen.data.atlas.statements_en import ENGLISH
from lichen.data.atlas.statements_zh import CHINESE
from lichen.data.builder import GraphBuilder
from lichen.data.graph import Graph

SYLLABLES = ("ka", "zo", "mi", "re", "tu", "la", "ven", "dor", "sha", "pi", "go", "ux")


def names(num: int, rng: np.random.Generator) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < num:
        found["".join(rng.choice(SYLLABLES, 4)).capitalize()] = None
    return list(found)


def add_entities(builder: GraphBuilder, things: dict[str, list[str]]) -> None:
    for kind, group in things.items():
        for i, name in enumerate(group):
            builder.add_entity(name, types=(kind,))
            if kind in ("country", "language"):
                chinese = chr(0x4E00 + 40 * len(kind) + 301 * (i % 50) + i) + "国"
                builder.add_name(name, chinese, language="zh")


def add_facts(builder: GraphBuilder, things: dict[str, list[str]], rng) -> None:
    countries = things["country"]
    plan = {"language": ("language", 4), "exports": ("product", 6), "imports": ("product", 6)}
    plan |= {"export_partner": ("country", 5), "borders": ("country", 4)}
    for i, country in enumerate(countries):
        builder.add_fact(country, "capital", things["city"][i])
        for r, (kind, num) in plan.items():
            for other in rng.choice(things[kind], num, replace=False):
                if other != country:
                    builder.add_fact(country, r, other)
                if other != country and r == "borders":
                    builder.add_fact(other, r, country)
    for river in things["river"]:
        for country in rng.choice(countries, 3, replace=False):
            builder.add_fact(river, "flows_through", country)
        builder.add_fact(river, "river_mouth", str(rng.choice(things["sea"])))


@pytest.fixture(scope="module")
def world() -> Graph:
    """Return a made-up world of 100 countries with their cities, rivers, products and tongues."""
    rng = np.random.default_rng(0)
    builder = GraphBuilder()
    label = iter(names(700, rng))
    kinds = {"country": 100, "city": 100, "river": 60, "language": 40, "product": 80, "sea": 8}
    things = {kind: [next(label) for _ in range(num)] for kind, num in kinds.items()}
    add_entities(builder, things)
    add_facts(builder, things, rng)
    return builder.build()


@pytest.fixture(scope="module")
def corpus(world):
    return claims(world, seed=1, num_train=1600, num_valid=200, num_test=600)


def test_every_statement_has_both_ends_and_enough_ways():
    assert len(ENGLISH) >= 20
    assert len(CHINESE) >= 8
    for table, least in ((ENGLISH, 8), (CHINESE, 3)):
        for ways in table.values():
            assert len(set(ways)) == len(ways) >= least
            for way in ways:
                assert way.count("{") == 2
                assert sum(way.count(slot) for slot in ("h}", "h's}")) == 1
                assert sum(way.count(slot) for slot in ("t}", "t's}")) == 1
    for ways in ENGLISH.values():
        forward = [w.index("h}") if "h}" in w else w.index("h's}") for w in ways]
        backward = [w.index("t}") if "t}" in w else w.index("t's}") for w in ways]
        before = sum(f < b for f, b in zip(forward, backward, strict=True))
        assert 1 <= before < len(ways), ways


def test_labels_are_what_the_graph_says(world, corpus):
    for doc in corpus:
        r = world.relations.id(doc.meta["relation"])
        h, _, t = world.triples[int(doc.meta["fact"])].tolist()
        ends = {m.entity for m in doc.mentions}
        assert len(ends) == 2
        assert h in ends
        other = (ends - {h}).pop()
        assert ((h, r, other) in world) == (doc.label == "true")
        assert (other == t) == (doc.label == "true")
        assert world.types_of(other)[0] == world.types_of(t)[0]


def test_mentions_are_exact_and_carry_their_entity(world, corpus):
    for doc in corpus:
        for mention in doc.mentions:
            surface = doc.text[mention.span.start : mention.span.end]
            assert surface in world.names_of(mention.entity)
            assert mention.candidates == ((mention.entity, 1.0),)


def test_sizes_and_balance(corpus):
    assert {"train", "valid", "test"} == {d.split for d in corpus}
    for part in (corpus.train, corpus.valid, corpus.test):
        labels = Counter(d.label for d in part)
        assert labels["true"] == labels["false"]
    assert 1500 <= len(corpus.train) <= 1600
    assert 180 <= len(corpus.valid) <= 200
    assert 450 <= len(corpus.test) <= 600
    assert {d.language for d in corpus} == {"en", "zh"}
    assert len({d.id for d in corpus}) == len(corpus)


def test_entities_are_as_often_true_as_false(corpus):
    for kind in {d.meta["kind"] for d in corpus}:
        for relation in {d.meta["relation"] for d in corpus}:
            counts = {"true": Counter(), "false": Counter()}
            for doc in corpus:
                if (doc.meta["kind"], doc.meta["relation"]) == (kind, relation):
                    counts[doc.label].update(m.entity for m in doc.mentions)
            assert counts["true"] == counts["false"]


def test_no_pair_of_entities_crosses_splits(corpus):
    owners: dict[frozenset, set] = {}
    for doc in corpus:
        where = "removed" if doc.meta["kind"] == "removed fact" else doc.split
        owners.setdefault(frozenset(m.entity for m in doc.mentions), set()).add(where)
    assert all(len(found) == 1 for found in owners.values())


def test_paraphrases_are_held_out(corpus):
    seen = {d.meta["paraphrase"] for d in corpus.train}
    kinds = {d.meta["kind"] for d in corpus.test}
    assert kinds == {"held-out fact", "held-out fact + held-out paraphrase", "removed fact"}
    for doc in corpus.test:
        if doc.meta["kind"] == "held-out fact + held-out paraphrase":
            assert doc.meta["paraphrase"] not in seen
    for doc in corpus:
        language, statement, number = doc.meta["paraphrase"].split("/")
        table = ENGLISH if language == "en" else CHINESE
        assert int(number) < len(table[statement])
        assert statement.startswith(doc.meta["relation"])


def test_removed_facts_leave_no_trace(world):
    without, rows = removed(world, seed=1, num_facts=100)
    assert without.num_facts + len(rows) == world.num_facts
    assert without.entities == world.entities
    assert 100 <= len(rows) <= 160
    left = {frozenset((h, t)) for h, _, t in without.triples.tolist()}
    assert not any(frozenset((h, t)) in left for h, _, t in world.triples[rows].tolist())
    for i in np.flatnonzero(without.degree() < 2):
        assert world.degree()[i] == without.degree()[i]


def test_removed_facts_are_linked_no_more_than_false_ones(world, corpus):
    without = removed(world, seed=1).graph
    left = {frozenset((h, t)) for h, _, t in without.triples.tolist()}
    for doc in corpus:
        if doc.meta["kind"] == "removed fact":
            assert frozenset(m.entity for m in doc.mentions) not in left


def test_claims_use_the_removed_facts_of_the_same_seed(world, corpus):
    rows = set(removed(world, seed=1).rows.tolist())
    for doc in corpus:
        is_about_removed = doc.meta["kind"] in ("removed fact", "training fact, removed")
        assert (int(doc.meta["fact"]) in rows) == is_about_removed


def test_seed_decides(world, corpus):
    again = claims(world, seed=1, num_train=1600, num_valid=200, num_test=600)
    other = claims(world, seed=2, num_train=1600, num_valid=200, num_test=600)
    assert again == corpus
    assert other != corpus


def text_only(corpus):
    """Return the test accuracy of a logistic model of which entities and words occur."""
    features = {}

    def row(doc):
        found = {("e", m.entity) for m in doc.mentions} | {("w", w) for w in doc.text.split()}
        return [features.setdefault(f, len(features)) for f in sorted(found, key=str)]

    train = [(row(d), d.label == "true") for d in corpus.train]
    test = [(row(d), d.label == "true") for d in corpus.test]
    weights = np.zeros(len(features))
    rng = np.random.default_rng(0)
    for _ in range(6):
        for i in rng.permutation(len(train)):
            active, label = train[i]
            chance = 1 / (1 + np.exp(-weights[active].sum()))
            weights[active] += 0.1 * (label - chance)
    return np.mean([(weights[active].sum() > 0) == label for active, label in test])


def test_words_and_entities_alone_stay_at_chance(corpus):
    assert abs(text_only(corpus) - 0.5) < 3 * 0.5 / np.sqrt(len(corpus.test))


def test_a_graph_of_other_things_is_refused():
    with pytest.raises(DataError, match="must hold at least 20 facts"):
        claims(Graph.from_triples([("a", "likes", "b")]))


def test_sizes_that_make_no_sentence_are_refused(world):
    with pytest.raises(DataError, match="which make none"):
        claims(world, num_train=10, num_valid=2, num_test=4)
    with pytest.raises(ConfigError, match=r"claims\.num_train"):
        claims(world, num_train=-2)


@pytest.fixture(scope="module")
def real():
    return claims(load_graph(), seed=0)


def test_atlas_gives_enough_claims_of_every_kind(real):
    assert 7000 <= len(real.train) <= 10_000
    assert 600 <= len(real.valid) <= 1200
    assert 2500 <= len(real.test) <= 4500
    assert min(Counter(d.meta["kind"] for d in real.test).values()) >= 800
    assert {d.meta["relation"] for d in real} >= set(ENGLISH) - {"river_mouth into water"}
    assert Counter(d.language for d in real)["zh"] > 800
    assert len({d.meta["relation"] for d in real if d.language == "zh"}) >= 8


def test_atlas_claims_read_as_sentences(real):
    for doc in real:
        assert doc.text[0] == doc.text[0].upper()
        assert doc.text.endswith("。" if doc.language == "zh" else ".")
        assert "{" not in doc.text
        assert "  " not in doc.text
        assert " the the " not in doc.text.casefold()


def test_atlas_claims_have_no_shortcut(real):
    assert 0.46 < text_only(real) < 0.54
