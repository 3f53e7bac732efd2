import numpy as np
import pytest

from lichen.base.errors import ChoiceError, ConfigError
from lichen.data.graph import Graph
from lichen.fusion.selection import FactSelector


@pytest.fixture
def small():
    facts = [
        ("ada", "lives_in", "hub"),
        ("bob", "lives_in", "hub"),
        ("eve", "lives_in", "hub"),
        ("ada", "likes", "tea"),
        ("ada", "likes", "jazz"),
        ("bob", "likes", "jazz"),
        ("tea", "grows_in", "assam"),
    ]
    return Graph.from_triples(facts)


def words(selector, entity, text="", others=()):
    ids = [selector.graph.entities.id(name) for name in (entity, *others)]
    found = selector.choose(text, ids)[0]
    return [selector.wording(ids[0], fact) for fact in found]


def test_each_relation_has_its_turn_and_hubs_come_last(small):
    assert words(FactSelector(small, limit=2), "ada") == ["ada lives in hub", "ada likes tea"]
    assert words(FactSelector(small, limit=8), "ada")[2:] == ["ada likes jazz"]
    assert words(FactSelector(small), "jazz") == ["bob likes jazz", "ada likes jazz"]


def test_two_hops_tell_the_other_end_by_the_last_relation(small):
    selector = FactSelector(small, hops=2)
    back = small.num_relations
    found = selector.facts_of(small.entities.id("ada"))
    relation, grows = small.relations.id("likes"), small.relations.id("grows_in")
    assert (grows, small.entities.id("assam")) in found
    assert (relation + back, small.entities.id("bob")) not in found  # reached by the hub before
    assert len({other for _, other in found}) == len(found) == 6


def test_facts_of_an_entity_are_counted_whatever_is_shown(small):
    ada, bob = (small.entities.id(name) for name in ("ada", "bob"))
    likes = small.relations.id("likes")
    for limit, not_shown in ((1, 2), (2, 1), (8, 0)):
        selector = FactSelector(small, limit=limit)
        assert selector.count(ada, selector.choose("", [ada])[0]) == (3, not_shown)
    far = FactSelector(small, hops=2)
    assert far.count(ada, far.facts_of(ada)) == (3, 0)
    assert far.count(ada, far.facts_of(ada)[3:]) == (3, 3)
    assert FactSelector(small).count(bob, [(likes, small.entities.id("jazz"))]) == (2, 1)
    loops = Graph.from_triples([("ada", "knows", "ada"), ("ada", "knows", "bob")])
    assert FactSelector(loops).count(0, [(0, 1)]) == (2, 1)


def test_pagerank_prefers_what_two_mentions_share(small):
    selector = FactSelector(small, limit=1, how="pagerank")
    assert words(selector, "ada", others=("jazz", "bob")) == ["ada likes jazz"]


def test_a_walk_is_the_slow_formula(small):
    selector = FactSelector(small, how="pagerank")
    seeds = [small.entities.id("ada"), small.entities.id("tea")]
    size = small.num_entities
    move = np.zeros((size, size))
    for h, _, t in small.triples:
        move[h, t] += 1
        move[t, h] += 1
    move /= move.sum(1, keepdims=True)
    start = np.bincount(seeds, minlength=size) / 2
    rank = start
    for _ in range(12):
        rank = 0.15 * start + 0.85 * rank @ move
    near = selector._walk(seeds)
    inside = small.subgraph(seeds, hops=2).num_facts == small.num_facts
    assert inside
    assert near == pytest.approx({e: rank[e] for e in near})


def test_relevance_follows_the_text(packaged_text):
    facts = [("ada", "plays", "violin"), ("ada", "eats", "bread"), ("ada", "drives", "a car")]
    selector = FactSelector(Graph.from_triples(facts), limit=1, how="relevance", text=packaged_text)
    assert words(selector, "ada", "The music was lovely.") == ["ada plays violin"]
    assert words(selector, "ada", "Dinner is at seven.") == ["ada eats bread"]


def test_facts_of_other_splits_are_not_shown():
    graph = Graph.from_triples([("a", "r", "b")], splits={"test": [("a", "r", "c")]})
    assert words(FactSelector(graph), "a") == ["a r b"]


def test_nothing_is_shown_of_nothing(small):
    for how in ("specific", "pagerank"):
        assert FactSelector(small, how=how).choose("x", [None, None]) == [(), ()]
        assert FactSelector(small, how=how).choose("x", []) == []


def test_bad_settings_stop_at_once(small):
    with pytest.raises(ChoiceError, match="Did you mean 'pagerank'"):
        FactSelector(small, how="pagerang")
    with pytest.raises(ConfigError, match=r"fusion\.hops"):
        FactSelector(small, hops=9)
    with pytest.raises(ConfigError, match="text must be given"):
        FactSelector(small, how="relevance")
