"""The store's promises: provenance, validity, versions, all or nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from lichen.base.errors import DataError
from lichen.data.graph import Source


def triples(store, at=None):
    graph = store.snapshot(at)
    return {
        (graph.entities[h], graph.relations[r], graph.entities[t])
        for h, r, t in graph.triples.tolist()
    }


def test_a_fact_comes_back_with_source_confidence_and_validity(store):
    is_new = store.insert(
        "Graz",
        "in",
        "Austria",
        source=("c", "Graz ..."),
        confidence=0.5,
        valid_from=date(1379, 1, 1),
        valid_to=datetime(2030, 5, 6, 7, 8, tzinfo=UTC),
    )
    (fact,) = store.facts(head="Graz")
    assert is_new
    assert fact[:3] == ("Graz", "in", "Austria")
    assert fact.sources == (Source("c", "Graz ..."),)
    assert fact.confidence == 0.5
    assert (fact.valid_from, fact.valid_to) == (date(1379, 1, 1), date(2030, 5, 6))
    graph = store.snapshot()
    assert graph.source(graph.row(*fact.triple)) == Source("c", "Graz ...")


def test_facts_match_head_relation_and_tail(store):
    assert [f.head for f in store.facts()] == ["Vienna", "Danube"]
    assert [f.head for f in store.facts(tail="Vienna")] == ["Danube"]
    assert [f.head for f in store.facts(relation="capital_of", tail="Austria")] == ["Vienna"]
    assert store.facts(head="Austria") == []
    with pytest.raises(
        DataError, match=r"entity must be one of .* got 'Viena'. Did you mean 'Vienna'\?"
    ):
        store.facts(head="Viena")
    with pytest.raises(DataError, match="relation must be one of the 2"):
        store.facts(relation="flies")


def test_version_rises_once_per_transaction_and_only_when_something_changes(store):
    before = store.version
    assert (
        store.insert("Vienna", "capital_of", "Austria", source=("a", "Vienna is the capital."))
        is False
    )
    assert store.version == before
    with store.transaction():
        store.insert("a", "r", "b")
        store.insert("b", "r", "c")
        assert len(store.facts(relation="r")) == 2
    assert store.version == before + 1


def test_an_error_in_a_transaction_takes_everything_back(store):
    before, version = triples(store), store.version

    def write():
        with store.transaction():
            store.insert("a", "r", "b")
            store.retract("Vienna", "capital_of", "nowhere")

    with pytest.raises(DataError):
        write()
    assert triples(store) == before
    assert store.version == version


def test_retract_keeps_history_and_ids(store):
    version, entities = store.version, store.snapshot().entities
    assert store.retract("Vienna", "capital_of", "Austria") == 1
    assert triples(store) == {("Danube", "flows_through", "Vienna")}
    assert ("Vienna", "capital_of", "Austria") in triples(store, version)
    assert store.snapshot().entities == entities
    store.insert("Vienna", "capital_of", "Austria", source=("new", ""))
    (fact,) = store.facts(head="Vienna")
    assert fact.sources == (Source("new", ""),)


def test_retract_says_what_is_wrong(store):
    with pytest.raises(DataError, match=r"got 'Vienne'. Did you mean 'Vienna'\?"):
        store.retract("Vienne", "capital_of", "Austria")
    with pytest.raises(DataError, match="capital_of of 'Vienna' is 'Austria'"):
        store.retract("Vienna", "capital_of", "Danube")


def test_a_source_goes_with_only_the_facts_that_nothing_else_supports(store):
    store.insert("Vienna", "capital_of", "Austria", source=("b", ""), confidence=0.25)
    assert store.facts(head="Vienna")[0].confidence == 1.0
    assert store.delete_source("a") == 0
    (fact,) = store.facts(head="Vienna")
    assert fact.sources == (Source("b", ""),)
    assert fact.confidence == 0.25
    assert store.delete_source("b") == 2
    assert triples(store) == set()
    assert store.snapshot().num_entities == 3


def test_a_fact_without_source_outlives_every_source(store):
    store.insert("Vienna", "capital_of", "Austria")
    assert store.delete_source("a") == 0
    assert store.facts(head="Vienna")[0].sources == ()


def test_delete_source_by_prefix_takes_wildcards_as_letters(store):
    store.insert("x", "r", "y", source=("f_1.csv:1", ""))
    store.insert("x", "r", "z", source=("f_1.csv:2", ""))
    store.insert("x", "r", "w", source=("fa1.csv:2", ""))
    assert store.delete_source("f_1.csv:", is_prefix=True) == 2
    assert [f.tail for f in store.facts(head="x")] == ["w"]
    with pytest.raises(DataError, match=r"source must be .* Did you mean 'fa1.csv:2'\?"):
        store.delete_source("fa1.csv:3")


def test_the_same_source_may_change_its_confidence(store):
    store.insert(
        "Vienna", "capital_of", "Austria", source=("a", "Vienna is the capital."), confidence=0.3
    )
    (fact,) = store.facts(head="Vienna")
    assert fact.confidence == 0.3
    assert len(fact.sources) == 1


def test_correct_replaces_or_changes_nothing(store):
    version = store.version
    store.correct("Danube", "flows_through", "Vienna", "Linz", source=("d", ""))
    assert store.version == version + 1
    assert ("Danube", "flows_through", "Linz") in triples(store)
    assert ("Danube", "flows_through", "Vienna") not in triples(store)
    before = triples(store)
    with pytest.raises(DataError):
        store.correct("Danube", "flows_through", "Vienna", "Graz")
    assert triples(store) == before


def test_snapshot_of_a_day(store):
    store.insert(
        "Bonn", "capital_of", "Germany", valid_from=date(1949, 5, 23), valid_to=date(1990, 10, 2)
    )
    store.insert("Berlin", "capital_of", "Germany", valid_from=date(1990, 10, 3))
    capital = {
        d: {h for h, r, t in triples(store, d) if t == "Germany"}
        for d in (date(1949, 5, 22), date(1990, 10, 2), date(1990, 10, 3), date(2020, 1, 1))
    }
    assert list(capital.values()) == [set(), {"Bonn"}, {"Berlin"}, {"Berlin"}]
    assert {h for h, _, t in triples(store) if t == "Germany"} == {"Bonn", "Berlin"}


def test_one_triple_may_hold_for_two_periods(store):
    for first, last in ((2000, 2004), (2010, 2014)):
        store.insert("X", "leads", "Y", valid_from=date(first, 1, 1), valid_to=date(last, 1, 1))
    version = store.version
    assert len(store.facts(head="X")) == 2
    assert store.snapshot().num_facts == 3
    assert store.retract("X", "leads", "Y") == 2
    (gone,) = {f.triple for f in store.changes(version).retracted}
    assert gone == store.facts(head="Danube")[0].triple or gone not in store.snapshot()


@pytest.mark.parametrize("confidence", [0, -0.1, 1.5, float("nan"), "high", True])
def test_confidence_out_of_range(store, confidence):
    with pytest.raises(DataError, match="confidence must be above 0 and at most 1"):
        store.insert("a", "r", "b", confidence=confidence)
    assert "a" not in store.snapshot().entities


def test_days_in_the_wrong_order(store):
    with pytest.raises(DataError, match="valid_from must not come after valid_to; got 2001-01-01"):
        store.insert("a", "r", "b", valid_from=date(2001, 1, 1), valid_to=date(2000, 1, 1))
    with pytest.raises(DataError, match=r"valid_from must be a datetime.date"):
        store.insert("a", "r", "b", valid_from="2001")


@pytest.mark.parametrize("label", ["", "  ", "\ud800", None])
def test_labels_that_cannot_be_stored(store, label):
    with pytest.raises(DataError, match="entity must be"):
        store.insert(label, "r", "b")
    with pytest.raises(DataError, match="relation must be"):
        store.insert("a", label, "b")


def test_names_types_and_descriptions(store):
    assert store.add_name("Vienna", "Wien", language="de") is True
    assert store.add_name("Vienna", "Wien", language="de") is False
    assert store.add_name("Vienna", "Vienna") is False
    id_ = store.add_entity("Vienna", description="A city.", types=("city", "place"))
    version = store.version
    assert store.add_entity("Vienna", types=("place", "capital")) == id_
    assert store.version == version + 1
    graph = store.snapshot()
    assert graph.names_of(id_) == ("Vienna", "Wien")
    assert graph.types_of(id_) == ("city", "place", "capital")
    assert graph.descriptions[id_] == "A city."
    assert store.entities()[id_].types == ("city", "place", "capital")
    with pytest.raises(DataError, match="entity must be one of the 3"):
        store.add_name("Nowhere", "x")
    with pytest.raises(DataError, match="name must be a text"):
        store.add_name("Vienna", "")


def test_a_literal_is_replaced_for_its_year_only(store):
    store.set_literal("Austria", "population", 8.9e6, unit="people", year=2020, source=("s", ""))
    store.set_literal("Austria", "population", 9.1e6, unit="people", year=2023)
    version = store.version
    assert store.set_literal("Austria", "population", 8.95e6, unit="people", year=2020) is True
    assert store.set_literal("Austria", "population", 8.95e6, unit="people", year=2020) is False
    literals = store.snapshot().literals
    assert [(x.value, x.year) for x in literals] == [(9.1e6, 2023), (8.95e6, 2020)]
    changes = store.changes(version)
    assert [x.value for x in changes.literals] == [8.95e6]
    assert [x.value for x in changes.retracted_literals] == [8.9e6]
    store.set_literal("Austria", "anthem", "Land der Berge", source=("s2", "text"))
    graph = store.snapshot()
    assert graph.literals[-1].value == "Land der Berge"
    assert graph.sources[graph.literals[-1].source] == Source("s2", "text")
    assert store.delete_source("s2") == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "", None, True])
def test_values_that_say_nothing(store, value):
    with pytest.raises(DataError, match="value must be"):
        store.set_literal("Austria", "area", value)


def test_ids_stay_when_facts_are_added(store):
    before = store.snapshot()
    store.insert("Aachen", "in", "Germany")
    after = store.snapshot()
    assert after.entities.labels[: before.num_entities] == before.entities.labels
    assert after.relations.labels[: before.num_relations] == before.relations.labels
