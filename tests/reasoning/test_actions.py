import pytest

from lichen.base.errors import DataError
from lichen.data.query import Branch, Query, Step
from lichen.reasoning.actions import CONTROLS, Category, Inventory, State, describe, read, write
from lichen.reasoning.view import FactView

QUERIES = (
    None,
    Query("select", (Branch(5, (Step("capital"),)),)),
    Query("select", (Branch(5, (Step("capital"), Step("flows_through", forward=False))),)),
    Query("count", (Branch(5, (Step("borders"),)),)),
    Query("select", (Branch(5, (Step("borders"),)), Branch(6, (Step("currency"),)))),
    Query("max", (Branch(5, (Step("borders"),)),), "population"),
    Query("min", (Branch(None, (), "country"),), "population"),
    Query("max", (Branch(5), Branch(6)), "population", is_union=True),
    Query("lookup", (Branch(5),), "population"),
)


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_writing_then_reading_gives_the_query_back(lands, query):
    inventory = Inventory.of(FactView(lands))
    pointers = {5: inventory.first_pointer, 6: inventory.first_pointer + 1}
    actions = write(query, pointers, inventory.index())
    names = [*CONTROLS, *inventory.labels]
    anchors = {place: entity for entity, place in pointers.items()}
    shown = ["" if a >= inventory.first_pointer else names[a] for a in actions]
    assert read(shown, [anchors.get(a) for a in actions]) == query


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_the_grammar_allows_every_query_and_ends_with_it(lands, query):
    inventory = Inventory.of(FactView(lands))
    kinds = inventory.categories()
    pointers = {5: inventory.first_pointer, 6: inventory.first_pointer + 1}
    state = State()
    for action in write(query, pointers, inventory.index()):
        category = Category(kinds[action])
        assert category in state.allowed()
        state = state.after(category, CONTROLS[action] if action < len(CONTROLS) else "")
    assert state.allowed() == frozenset()


def test_a_label_outside_the_graph_is_named(lands):
    inventory = Inventory.of(FactView(lands))
    with pytest.raises(DataError, match="'spouse>' is not"):
        write(
            Query("select", (Branch(5, (Step("spouse"),)),)),
            {5: inventory.first_pointer},
            inventory.index(),
        )


def test_a_symmetric_relation_has_one_action(lands):
    labels = Inventory.of(FactView(lands)).labels
    assert "borders>" in labels
    assert "borders<" not in labels
    assert {"capital>", "capital<", "@population", "*river"} <= set(labels)


def test_descriptions_tell_directions_apart(lands):
    view = FactView(lands)
    assert describe("flows_through>", view) == "a river flows through which country?"
    assert describe("flows_through<", view) == "which river flows through a country?"
    assert describe("@population", view) == "what is the population?"
