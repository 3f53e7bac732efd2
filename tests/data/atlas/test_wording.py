import pytest

from lichen.data.atlas.phrase import Phrase
from lichen.data.atlas.wording import (
    SPLITS,
    Form,
    Wording,
    agree,
    divided,
    fill,
    named,
    sentence,
    tables,
    takes_phrase,
)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_forms_of_a_step_differ_between_splits(language):
    for key, entry in tables(language)["steps"].items():
        parts = divided(entry)
        forms = [text for split in SPLITS for _, text in parts[split]]
        assert len(set(forms)) == len(forms), key
        assert all(form.count("{x}") == 1 for form in forms), key
        assert all(parts.values()), key
        assert len(parts["train"]) >= len(parts["test"])


def test_a_draw_deals_the_forms_anew_and_always_the_same():
    entry = {"train": [f"form {i} of {{x}}" for i in range(40)]}
    first, second = divided(entry, draw=1), divided(entry, draw=2)
    assert first == divided(entry, draw=1)
    assert first["test"] != second["test"]
    assert len(first["test"]) == len(second["test"]) == 8


def test_names_of_no_place_differ_between_splits():
    train, test = (set(Wording("en", split).unknown()) for split in ("train", "test"))
    assert train
    assert test
    assert not train & test


def test_fewer_than_three_forms_are_shared():
    assert divided({"train": ["a", "b"], "test": ["a"]})["test"] == [(0, "a"), (1, "b")]


def test_there_is_enough_hand_written_wording():
    steps = tables("en")["steps"]
    rich = [k for k, e in steps.items() if sum(len(e[s]) for s in SPLITS) >= 10]
    assert len(rich) >= 40
    assert len(tables("en")["attributes"]) >= 10
    chinese = tables("zh")["steps"]
    assert sum(sum(len(e[s]) for s in SPLITS) >= 4 for e in chinese.values()) >= 10


def test_agreement_of_verbs_with_several_anchors():
    assert agree("What does {x} export?", anchor_plural=True) == "What do {x} export?"
    assert agree("{x} has which flag?", anchor_plural=True) == "{x} have which flag?"
    assert agree("What [is|are] the [capital|capitals] of {x}?") == "What is the capital of {x}?"


def test_filling_keeps_track_of_nested_mentions():
    inner = fill("the neighbours of {x}", {"x": named(4, Phrase("the ", "Netherlands"))})
    outer = sentence(fill("which rivers cross {x}?", {"x": inner}))
    assert outer.text == "Which rivers cross the neighbours of the Netherlands?"
    (mention,) = outer.mentions
    assert outer.text[mention.span.start : mention.span.end] == "Netherlands"
    assert mention.entity == 4


def test_forms_that_need_a_name_take_no_phrase():
    assert takes_phrase(Form("What is the currency of {x}?", "1"))
    assert not takes_phrase(Form("Which countries have a {x} industry?", "2"))
    assert not takes_phrase(Form("Which country has a province called {x}?", "3"))


def test_a_language_without_tables_has_no_forms():
    assert Wording("xx", "train").frames("count") == []
