from collections import Counter

from lichen.data.atlas.facts import Facts, part_of
from lichen.data.builder import GraphBuilder


def small():
    builder = GraphBuilder()
    for h, t in (("A", "B"), ("B", "A"), ("B", "C"), ("C", "B")):
        builder.add_entity(h, types=("country",))
        builder.add_fact(h, "borders", t)
    builder.add_entity("R", types=("river",))
    builder.add_fact("R", "flows_through", "A")
    builder.add_literal("A", "population", 1.0, year=2000)
    builder.add_literal("A", "population", 2.0, year=2020)
    builder.add_literal("A", "motto", "onwards")
    return builder.build()


def test_links_run_both_ways_and_following_joins_them():
    facts = Facts(small())
    a, b, c = (facts.graph.entities.id(x) for x in "ABC")
    assert facts.follow((a, c), "borders>") == (b,)
    assert facts.links[a]["flows_through<"] == [facts.graph.entities.id("R")]


def test_the_latest_number_counts_and_words_are_no_numbers():
    facts = Facts(small())
    assert facts.numbers == {"population": {facts.graph.entities.id("A"): 2.0}}


def test_symmetric_relations_and_nouns():
    facts = Facts(small())
    assert facts.symmetric() == {"borders"}
    assert facts.noun("flows_through<") == "river"
    assert facts.anchor_types("flows_through<") == {"country"}


def test_parts_are_stable_and_of_the_promised_sizes():
    parts = Counter(part_of("capital>", str(i)) for i in range(3000))
    assert parts["train"] / 3000 > 0.65
    assert parts["test"] / 3000 > 0.16
    assert part_of("a", "b") == part_of("a", "b")
    moved = sum(part_of(str(i), draw=1) != part_of(str(i), draw=2) for i in range(1000))
    assert 300 < moved < 600
