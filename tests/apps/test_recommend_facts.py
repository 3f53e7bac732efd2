import numpy as np
import pytest

from lichen.apps.recommend_facts import ItemFacts
from lichen.base.errors import DataError
from lichen.data.graph import Graph
from lichen.data.vocabulary import Vocabulary

GRAPH = Graph.from_triples(
    [
        ("tea", "grows in", "Assam"),
        ("coffee", "grows in", "Peru"),
        ("cocoa", "grows in", "Peru"),
        ("Peru", "exports", "coffee"),
        ("latte", "made of", "coffee"),
        ("Peru", "borders", "Chile"),
    ]
)
ITEMS = Vocabulary(["tea", "coffee", "cocoa", "latte", "unheard of"], what="item")


def test_only_what_two_items_share_is_kept():
    facts = ItemFacts.of(GRAPH, ITEMS)
    assert set(facts.entities) == {"Peru", "coffee", "latte"}
    lists = facts.items_of()
    found = {facts.entities[e]: [ITEMS[i] for i in lists[e]] for e in range(len(lists))}
    pair = ["coffee", "latte"]
    assert found == {"Peru": ["coffee", "cocoa"], "coffee": pair, "latte": pair}


def test_paths_have_the_facts_as_the_graph_states_them():
    facts = ItemFacts.of(GRAPH, ITEMS)
    coffee, cocoa, latte = (ITEMS.id(label) for label in ("coffee", "cocoa", "latte"))
    (path,) = facts.paths(cocoa, coffee, ("cocoa", "coffee"))
    assert [tuple(fact) for fact in path] == [
        ("cocoa", "grows in", "Peru"),
        ("coffee", "grows in", "Peru"),
    ]
    (direct,) = facts.paths(coffee, latte, ("coffee", "latte"))
    assert [str(fact) for fact in direct] == ["latte made of coffee"]
    assert not list(facts.paths(coffee, ITEMS.id("unheard of"), ("coffee", "unheard of")))


def test_the_rarest_entity_comes_first():
    rows = [(f"i{i}", "is a", "thing") for i in range(5)]
    rows += [(f"i{i}", "made by", "Ann") for i in range(2)]
    facts = ItemFacts.of(Graph.from_triples(rows), Vocabulary([f"i{i}" for i in range(5)]))
    paths = list(facts.paths(0, 1, ("i0", "i1")))
    assert [path[0].tail for path in paths] == ["Ann", "thing"]


def test_a_graph_without_a_use_is_refused():
    with pytest.raises(DataError, match="must hold at least one fact; it is empty"):
        ItemFacts.of(Graph.from_triples([]), ITEMS)
    with pytest.raises(DataError, match="none of its 6 facts touches one of the 1 items"):
        ItemFacts.of(GRAPH, Vocabulary(["Tea"], what="item"))


def test_nothing_shared_is_no_error_and_no_facts():
    lonely = Graph.from_triples([("tea", "grows in", "Assam")])
    assert not len(ItemFacts.of(lonely, ITEMS).rows)
    assert ItemFacts.none().items_of().counts.tolist() == []


def test_newcomers_are_placed_by_known_entities():
    facts = ItemFacts.of(GRAPH, ITEMS)
    graph = Graph.from_triples([("quinoa", "eaten in", "Peru"), ("quinoa", "is a", "seed")])
    lists, rows = facts.placed(graph, Vocabulary(["quinoa"], what="item"))
    assert [facts.entities[e] for e in lists[0]] == ["Peru"]
    assert np.array_equal(rows.rows[:, 0], [0])
    assert rows.relations[int(rows.rows[0, 1])] == "eaten in"
    with pytest.raises(DataError, match="with_items: 'rice' must have a fact"):
        facts.placed(graph, Vocabulary(["rice"], what="item"))
