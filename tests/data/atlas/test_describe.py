from lichen.data.atlas.collect import Collector
from lichen.data.atlas.describe import describe_things

SOURCE = ("book#1", "it says so")


def described(relation, count):
    collector = Collector()
    river = collector.thing("river", "Danube")
    for name in ("Austria", "Hungary", "Serbia", "Romania", "Croatia", "Germany")[:count]:
        land = collector.thing("country", name)
        pair = (river, land) if relation == "flows_through" else (land, river)
        collector.fact(pair[0], relation, pair[1], SOURCE)
    describe_things(collector)
    graph = collector.build()
    return graph.descriptions[graph.entities.id("Danube")]


def test_few_are_named_and_many_are_counted():
    assert described("flows_through", 1) == "river in Austria"
    assert described("flows_through", 3) == "river in Austria, Hungary and Serbia"
    assert described("flows_through", 6) == (
        "river in Austria, Hungary, Serbia, Romania and 2 more"
    )


def test_words_follow_the_relation():
    assert described("lowest_point", 2) == "lowest point of Austria and Hungary"


def test_what_a_field_said_stays():
    collector = Collector()
    a, b = collector.thing("country", "A"), collector.thing("language", "B")
    collector.describe(b, "the tongue of A")
    collector.fact(a, "language", b, SOURCE)
    describe_things(collector)
    assert collector.build().descriptions == {1: "the tongue of A"}
