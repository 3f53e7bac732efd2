from datetime import datetime, timedelta

import pytest

from lichen.data.graph import Graph
from lichen.data.query import Step
from lichen.reasoning.view import FactView
from lichen.store import Store


def test_steps_and_ends_follow_the_facts_in_both_directions(lands):
    view = FactView(lands)
    austria, vienna = lands.entities.id("Austria"), lands.entities.id("Vienna")
    assert view.ends(austria, Step("capital")) == (vienna,)
    assert view.ends(vienna, Step("capital", forward=False)) == (austria,)
    assert view.steps_of(vienna) == {"capital<"}


def test_a_symmetric_relation_is_followed_both_ways(lands):
    view = FactView(lands)
    assert view.symmetric == {"borders"}
    germany = lands.entities.id("Germany")
    named = {lands.entities[e] for e in view.ends(germany, Step("borders"))}
    assert named == {"Austria", "France", "Poland"}
    assert "borders<" not in view.steps_of(germany)


def test_a_store_is_followed_fact_by_fact(lands):
    with Store.open(":memory:") as store:
        store.add_graph(lands)
        view = FactView(store)
        assert view.refresh() is None
        store.insert("Malta", "borders", "Italy", source=("news", "a bridge opened"))
        store.insert("Narnia", "capital", "Cair Paravel")
        assert view.refresh() is not None
        malta, narnia = view.labels.index("Malta"), view.labels.index("Narnia")
        italy = view.labels.index("Italy")
        assert view.ends(malta, Step("borders")) == (italy,)
        assert malta in view.ends(italy, Step("borders"))
        assert view.labels[view.ends(narnia, Step("capital"))[0]] == "Cair Paravel"
        assert view.sources(malta, "borders", italy)[0].address == "news"
        store.retract("Malta", "borders", "Italy")
        view.refresh()
        assert view.ends(malta, Step("borders")) == ()


def test_of_a_store_only_what_holds_today_counts(lands):
    day, year = datetime.now().astimezone().date(), timedelta(days=365)
    with Store.open(":memory:") as store:
        store.add_graph(lands)
        store.insert("Malta", "borders", "Italy", valid_to=day - year)
        view = FactView(store)
        store.insert("Malta", "borders", "Austria", valid_from=day + year)
        store.insert("Malta", "borders", "France", valid_from=day - year, valid_to=day)
        view.refresh()
        ends = view.ends(view.labels.index("Malta"), Step("borders"))
        assert [view.labels[e] for e in ends] == ["France"]


def test_a_corrected_number_replaces_the_old_one(lands):
    with Store.open(":memory:") as store:
        store.add_graph(lands)
        view = FactView(store)
        malta = view.labels.index("Malta")
        store.set_literal("Malta", "population", 600_000.0, unit="people", year=2025)
        view.refresh()
        assert view.literal(malta, "population").value == pytest.approx(600_000.0)
        assert "population" in view.attributes_of(malta)


def test_the_latest_year_is_read(lands):
    with Store.open(":memory:") as store:
        store.add_graph(lands)
        store.set_literal("Malta", "population", 1.0, year=1900)
        store.set_literal("Malta", "population", 2.0, year=2030)
        view = FactView(store)
        assert view.literal(view.labels.index("Malta"), "population").value == 2.0


def test_without_leaves_the_view_itself_alone(lands):
    view = FactView(lands)
    austria, vienna = lands.entities.id("Austria"), lands.entities.id("Vienna")
    less = view.without([(austria, "capital", vienna)])
    assert less.ends(austria, Step("capital")) == ()
    assert view.ends(austria, Step("capital")) == (vienna,)


def test_a_graph_never_changes_and_may_be_empty():
    view = FactView(Graph.from_triples([]))
    assert view.refresh() is None
    assert view.types == {}
    assert view.ends_of("capital") == ("thing", "thing")


def test_names_come_in_the_language_asked_for(lands):
    view = FactView(lands)
    vienna = lands.entities.id("Vienna")
    assert view.name(vienna, "zh") == "维也纳"
    assert view.name(vienna, "fr") == "Vienna"
