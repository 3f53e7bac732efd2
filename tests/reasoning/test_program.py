from lichen.data.query import Branch, Query, Step
from lichen.reasoning.program import execute
from lichen.reasoning.view import FactView

BORDERS, CAPITAL = Step("borders"), Step("capital")
THROUGH_BACK = Step("flows_through", forward=False)


def found(lands, query):
    return execute(FactView(lands), query)


def names(lands, result):
    return {lands.entities[e] for e in result.entities}


def test_two_steps_with_their_paths(lands):
    vienna = lands.entities.id("Vienna")
    back = Step("capital", forward=False)
    result = found(lands, Query("select", (Branch(vienna, (back, BORDERS)),)))
    assert names(lands, result) == {"Germany", "Italy", "Hungary"}
    assert len(result.paths) == 3
    for path in result.paths:
        assert [fact.relation for fact in path] == ["capital", "borders"]
        assert all((f.h, lands.relations.id(f.relation), f.t) in lands for f in path)


def test_an_intersection_keeps_what_both_branches_reach(lands):
    query = Query(
        "select",
        (
            Branch(lands.entities.id("Austria"), (BORDERS,)),
            Branch(lands.entities.id("France"), (BORDERS,)),
        ),
    )
    assert names(lands, found(lands, query)) == {"Germany", "Italy"}


def test_count_and_lookup_give_numbers(lands):
    austria = lands.entities.id("Austria")
    assert found(lands, Query("count", (Branch(austria, (BORDERS,)),))).value == 3
    result = found(lands, Query("lookup", (Branch(austria),), "population"))
    assert (result.value, result.unit) == (9.0e6, "people")
    assert result.readings[0].entity == austria


def test_the_extreme_of_a_group_and_of_a_type(lands):
    austria = lands.entities.id("Austria")
    most = found(lands, Query("max", (Branch(austria, (BORDERS,)),), "population"))
    assert names(lands, most) == {"Germany"}
    least = found(lands, Query("min", (Branch(None, (), "country"),), "population"))
    assert names(lands, least) == {"Malta"}


def test_comparing_two_needs_both_numbers(lands):
    austria, malta = lands.entities.id("Austria"), lands.entities.id("Malta")
    vienna = lands.entities.id("Vienna")
    both = Query("max", (Branch(malta), Branch(austria)), "population", is_union=True)
    assert names(lands, found(lands, both)) == {"Austria"}
    half = Query("max", (Branch(malta), Branch(vienna)), "population", is_union=True)
    assert found(lands, half).is_empty


def test_what_the_graph_does_not_hold_is_empty_and_not_zero(lands):
    malta = lands.entities.id("Malta")
    assert found(lands, Query("select", (Branch(malta, (THROUGH_BACK,)),))).is_empty
    assert found(lands, Query("count", (Branch(malta, (THROUGH_BACK,)),))).is_empty
    assert found(lands, Query("lookup", (Branch(malta),), "height")).is_empty
    assert found(lands, Query("max", (Branch(malta, (BORDERS,)),))).is_empty
