from collections import Counter
from dataclasses import replace

import pytest

from lichen.base.errors import ConfigError, DataError
from lichen.data.atlas import load_graph
from lichen.data.atlas.facts import part_of
from lichen.data.atlas.questions import QuestionSet, questions
from lichen.data.graph import Graph

SCALE = 0.12


@pytest.fixture(scope="module")
def graph():
    return load_graph()


@pytest.fixture(scope="module")
def asked(graph):
    return questions(graph, seed=1, scale=SCALE)


def wording(items):
    return {part for q in items for part in q.paraphrase.split("|")}


def test_every_kind_is_asked_in_every_split(asked):
    kinds = {
        "one_hop",
        "two_hop",
        "literal",
        "intersection",
        "count",
        "superlative",
        "compare",
        "unanswerable",
    }
    for split in ("train", "valid", "test"):
        english = asked.split(split).where(language="en")
        assert {q.kind for q in english} == kinds
    assert len(asked.test.where(language="zh")) > 40


def test_no_wording_of_the_test_split_is_seen_in_training(asked):
    train, valid, test = (wording(asked.split(s)) for s in ("train", "valid", "test"))
    assert not train & test
    assert not train & valid
    assert not valid & test
    assert not {q.text for q in asked.train} & {q.text for q in asked.test}


def test_pairs_kept_for_validation_or_test_are_composed_nowhere_else(asked):
    for split in ("train", "valid", "test"):
        pairs = {
            tuple(step.key for step in q.query.branches[0].steps): q.is_held_out_pair
            for q in asked.split(split)
            if q.kind == "two_hop" and len(q.query.branches[0].steps) == 2
        }
        kept = {pair: part_of("pair", *pair) for pair in pairs}
        assert len(pairs) > 40
        assert set(kept.values()) == {"train", split}
        assert all(is_held_out == (kept[p] != "train") for p, is_held_out in pairs.items())


def test_another_draw_deals_the_wording_anew(graph, asked):
    other = questions(graph, seed=1, scale=SCALE, draw=2)
    assert not wording(other.train) & wording(other.test)
    assert wording(other.test) - wording(asked.test)
    assert wording(other.test) & wording(asked.train)


def test_facts_asked_in_training_are_not_asked_in_the_test_split(asked):
    def facts(items):
        return {
            (q.query.branches[0].anchor, q.query.branches[0].steps)
            for q in items
            if q.kind == "one_hop" and len(q.answers) == 1 and q.language == "en"
        }

    shared = facts(asked.train) & facts(asked.test)
    assert len(shared) < 0.02 * len(facts(asked.test))


def test_mentions_stand_where_they_say(graph, asked):
    for question in asked:
        for mention in question.mentions:
            said = question.text[mention.span.start : mention.span.end]
            assert said
            known = {name.lower() for name in graph.names_of(mention.entity)}
            assert said.lower() in known | {name.removeprefix("the ") for name in known}


def test_answers_are_facts_of_the_graph(graph, asked):
    for question in asked.where(kind="one_hop"):
        (branch,) = question.query.branches
        (step,) = branch.steps
        r = graph.relations.id(step.relation)
        for answer in question.answers:
            pair = (branch.anchor, answer) if step.forward else (answer, branch.anchor)
            assert (pair[0], r, pair[1]) in graph


def test_unanswerable_questions_have_no_answer_and_three_causes(asked):
    items = asked.where(kind="unanswerable")
    assert not any(q.is_answerable for q in items)
    causes = Counter((q.query is None, bool(q.mentions)) for q in items)
    assert set(causes) == {(False, True), (True, True), (True, False)}


def test_the_same_seed_makes_the_same_questions(graph, asked):
    again = questions(graph, seed=1, scale=SCALE)
    other = questions(graph, seed=2, scale=SCALE)
    assert [q.text for q in again] == [q.text for q in asked]
    assert [q.text for q in other] != [q.text for q in asked]


def test_no_slot_or_choice_is_left_in_any_text(asked):
    left = [q.text for q in asked if any(sign in q.text for sign in "{}[]<>|")]
    assert not left


def test_a_graph_of_ones_own_is_asked_about_by_its_labels():
    rows = [(f"person {i}", "worksFor", f"firm {i % 3}") for i in range(9)]
    rows += [(f"firm {i}", "branch", f"trade {i}") for i in range(3)]
    asked = questions(Graph.from_triples(rows), scale=0.01)
    texts = " ".join(q.text for q in asked)
    assert "works for" in texts
    assert {q.split for q in asked} == {"train", "valid", "test"}


def test_a_graph_without_facts_is_refused():
    with pytest.raises(DataError, match="must have facts to ask about; it has 0"):
        questions(Graph.from_triples([]))


def test_a_scale_out_of_range_is_refused(graph):
    with pytest.raises(ConfigError, match=r"questions\.scale"):
        questions(graph, scale=0)


def test_an_unknown_split_is_refused(asked):
    with pytest.raises(DataError, match="got 'dev'"):
        asked.split("dev")


def test_relations_are_listed_in_order(asked):
    two = next(q for q in asked.where(kind="two_hop") if len(q.relations) == 2)
    assert two.relations == tuple(s.relation for s in two.query.branches[0].steps)
    assert replace(two, query=None).relations == ()
    assert isinstance(asked.where(kind="count"), QuestionSet)
