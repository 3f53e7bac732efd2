import pytest

from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Span
from lichen.linking.lessons import Inventory, definition, find, is_form, lessons, usages


@pytest.fixture(scope="module")
def words():
    """Give two meanings of "mule" and of "bank", and what is near one of each."""
    builder = GraphBuilder()
    for label, name, part, about in (
        ("mule.n.01", "mule", "noun", 'offspring of a donkey and a horse; "mules carried it"'),
        ("mule.n.02", "mule", "noun", "a slipper without a back"),
        ("mule.v.01", "mule", "verb", "to whine"),
        ("driver.n.01", "mule driver", "noun", "a worker who drives mules"),
        ("bank.n.01", "bank", "noun", 'sloping land beside water; "on the bank of the river"'),
        ("bank.n.02", "bank", "noun", 'keeps money; "he cashed a check at the Bank"; "a joke"'),
        ("teller.n.01", "teller", "noun", "an employee of a bank"),
        ("horse.n.01", "horse", "noun", "a large animal"),
    ):
        builder.add_entity(label, types=(part,), description=about)
        builder.add_name(label, name)
    builder.add_fact("driver.n.01", "works_with", "mule.n.01")
    builder.add_fact("teller.n.01", "part_of", "bank.n.02")
    builder.add_fact("mule.n.01", "child_of", "horse.n.01")
    return builder.build()


def told(graph, found):
    return [
        (lesson.text[lesson.span.start : lesson.span.end], graph.entities[lesson.entity])
        for lesson in found
    ]


def test_quoted_examples_and_neighbours_are_lessons(words):
    found = lessons(words)
    assert told(words, found) == [
        ("mules", "mule.n.01"),
        ("mules", "mule.n.01"),
        ("bank", "bank.n.01"),
        ("Bank", "bank.n.02"),
        ("bank", "bank.n.02"),
    ]
    assert [words.entities[x.source] for x in found][1::3] == ["driver.n.01", "teller.n.01"]


def test_candidates_are_of_the_same_type(words):
    lesson = lessons(words)[0]
    assert [words.entities[e] for e in lesson.candidates] == ["mule.n.01", "mule.n.02"]


def test_an_order_given_is_kept(words):
    order = {"Bank": [words.entities.id("bank.n.02"), words.entities.id("bank.n.01")]}
    found = lessons(words, Inventory(words, order))
    assert {x.candidates for x in found} == {tuple(order["Bank"])}


def test_an_inventory_knows_every_meaning(words):
    inventory = Inventory(words)
    assert len(inventory.of("MULE")) == 3
    assert inventory.of("donkey") == ()


def test_a_graph_without_descriptions_has_no_lessons(lands):
    assert lessons(lands) == []


def test_what_a_name_shares_with_its_describer_is_no_lesson():
    builder = GraphBuilder()
    for label, about in (("run.n.01", "an act of running"), ("run.v.01", "move fast")):
        builder.add_entity(label, description=about)
        builder.add_name(label, "run")
    builder.add_fact("run.n.01", "derived", "run.v.01")
    assert lessons(builder.build()) == []


def test_definition_and_usages_part_a_description():
    about = 'not moving; "a still pond"; resting; "keep still!"'
    assert definition(about) == "not moving; resting"
    assert usages(about) == ("a still pond", "keep still!")
    assert definition("") == ""
    assert usages("") == ()


@pytest.mark.parametrize(
    ("word", "name", "expected"),
    [
        ("dogs", "dog", True),
        ("making", "make", True),
        ("stopped", "stop", True),
        ("carried", "carry", True),
        ("widest", "wide", True),
        ("as", "a", True),
        ("dogma", "dog", False),
        ("card", "car", False),
        ("is", "be", False),
        ("mak", "make", False),
    ],
)
def test_inflections(word, name, expected):
    assert is_form(word, name) is expected


def test_names_of_several_words_are_found():
    words = [("mule", Span(2, 6)), ("drivers", Span(7, 14))]
    assert find(words, "mule driver") == Span(2, 14)
    assert find(words, "driver mule") is None
    assert find(words, "") is None
