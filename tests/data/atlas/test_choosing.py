import numpy as np
import pytest

from lichen.data.atlas.choosing import Chooser, back
from lichen.data.atlas.facts import Facts
from lichen.data.atlas.wording import Form, Wording
from lichen.data.builder import GraphBuilder


@pytest.fixture
def chooser():
    builder = GraphBuilder()
    for i in range(60):
        builder.add_entity(f"Land {chr(65 + i % 26)}{i}", types=("country",))
        builder.add_fact(f"Land {chr(65 + i % 26)}{i}", "exports", "cars")
        builder.add_literal(f"Land {chr(65 + i % 26)}{i}", "area", float(i // 2))
    builder.add_entity("cars", types=("product",))
    return Chooser(Facts(builder.build()), Wording("en", "train"), np.random.default_rng(0))


def test_anchors_belong_to_the_split(chooser):
    test = Chooser(chooser.facts, Wording("en", "test"), np.random.default_rng(0))
    ours, theirs = set(chooser.anchors("exports>")), set(test.anchors("exports>"))
    assert ours
    assert theirs
    assert not ours & theirs


def test_most_pairs_of_steps_are_asked_in_training(chooser):
    parts = [chooser.pair_part(f"a{i}>", f"b{j}>") for i in range(20) for j in range(20)]
    assert 0.6 < parts.count("train") / 400 < 0.8


def test_plural_goods_take_plural_verbs(chooser):
    cars = chooser.name(chooser.facts.graph.entities.id("cars"))
    filled = chooser.about(Form("Where is {x} made?", "1"), cars)
    assert filled.text == "Where are cars made?"


def test_the_best_is_refused_when_two_share_it(chooser):
    first, second, third = (
        chooser.facts.graph.entities.id(f"Land {x}") for x in ("A0", "B1", "C2")
    )
    assert chooser.best((first, second), "area", "max") is None
    assert chooser.best((first, third), "area", "max") == third
    assert chooser.best((first, third), "area", "min") == first
    assert chooser.fitting((first, second)) == ["area"]


def test_trying_ends(chooser):
    assert list(chooser.many(3, lambda: None)) == []
    assert list(chooser.many(3, lambda: 1)) == [1, 1, 1]
    assert len(chooser.some(range(5), 9)) == 5


def test_plurals_and_directions(chooser):
    assert chooser.noun_of("country") == ("country", "countries")
    assert chooser.noun_of("river") == ("river", "rivers")
    assert (back("capital>"), back("capital<")) == ("capital<", "capital>")
