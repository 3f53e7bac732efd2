import numpy as np
import pytest

from lichen.data.atlas import load_graph
from lichen.data.atlas.asking import Asker
from lichen.data.atlas.facts import Facts
from lichen.data.atlas.wording import Wording


@pytest.fixture(scope="module")
def facts():
    return Facts(load_graph())


@pytest.fixture
def asker(facts):
    return Asker(facts, Wording("en", "train"), np.random.default_rng(5))


PLURAL = ["borders>", "official_language<", "continent<"]


def drafts(make, count=15):
    found = (make() for _ in range(count * 40))
    return [draft for draft in found if draft is not None][:count]


def test_two_hops_follow_both_steps(asker, facts):
    for draft in drafts(lambda: asker.two_hop(["capital<"], ["currency>", "borders>"])):
        (branch,) = draft.query.branches
        ends = (branch.anchor,)
        for step in branch.steps:
            ends = facts.follow(ends, step.key)
        if draft.value is None:
            assert draft.answers == ends
        else:
            assert draft.value == facts.numbers[draft.query.attribute][ends[0]]


def test_intersections_keep_less_than_either_side(asker, facts):
    for draft in drafts(lambda: asker.intersection(PLURAL)):
        sides = [set(facts.follow((b.anchor,), b.steps[0].key)) for b in draft.query.branches]
        assert set(draft.answers) == sides[0] & sides[1]
        assert len(draft.answers) < min(len(side) for side in sides)
        assert len(draft.mentions) == 2


def test_counts_and_extremes_are_right(asker, facts):
    for draft in drafts(lambda: asker.count(PLURAL), 8):
        (branch,) = draft.query.branches
        assert draft.value == len(facts.follow((branch.anchor,), branch.steps[0].key))
    for draft in drafts(lambda: asker.superlative(PLURAL), 8):
        (branch,) = draft.query.branches
        numbers = facts.numbers[draft.query.attribute]
        if branch.type is None:
            ends = facts.follow((branch.anchor,), branch.steps[0].key)
        else:
            ends = tuple(facts.of_type[branch.type])
        best = max if draft.query.operation == "max" else min
        extreme = best(numbers[e] for e in ends if e in numbers)
        assert [numbers[e] for e in draft.answers] == [extreme]


def test_comparisons_name_two_of_a_kind(asker, facts):
    for draft in drafts(asker.compare):
        one, other = (b.anchor for b in draft.query.branches)
        numbers = facts.numbers[draft.query.attribute]
        best = max if draft.query.operation == "max" else min
        assert draft.answers == (best((one, other), key=numbers.get),)


def test_the_missing_have_no_such_fact(asker, facts):
    for draft in drafts(lambda: asker.missing(["flows_through<", "lake_in<"])):
        (branch,) = draft.query.branches
        assert facts.follow((branch.anchor,), branch.steps[0].key) == ()
        assert not draft.answers


def test_the_unknown_name_is_in_the_text_and_is_no_mention(asker):
    names = asker.wording.unknown()
    for draft in drafts(lambda: asker.unknown(["capital>", "borders>"])):
        (name,) = [n for n in names if n in draft.text]
        for mention in draft.mentions:
            said = draft.text[mention.span.start : mention.span.end]
            assert name not in said
            assert said.lower() in asker.facts.graph.entities[mention.entity].lower()
