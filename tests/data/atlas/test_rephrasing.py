import pytest

from lichen.data.atlas.rephrasing import phrases
from lichen.data.atlas.wording import SPLITS, Wording


@pytest.mark.parametrize(
    ("question", "noun", "phrase"),
    [
        ("What is the capital city of {x}?", "city", "the capital city of {x}"),
        ("Name the neighbouring countries of {x}.", "country", "the neighbouring countries of {x}"),
        ("Which big river has its mouth in {x}?", "river",
         "the big river that has its mouth in {x}"),
        ("Which country does {x} supply?", "country", "the country that {x} supplies"),
        ("On which continent is {x}?", "continent", "the continent on which {x} is"),
        ("In which city does the king of {x} have his seat?", "city",
         "the city in which the king of {x} has his seat"),
        ("{x} lies on which continent?", "continent", "the continent that {x} lies on"),
        ("Which languages do people speak in {x}?", "languages",
         "the languages that people speak in {x}"),
    ],
)  # fmt: skip
def test_a_question_gives_the_phrase_for_what_it_asks(question, noun, phrase):
    assert phrases([question], [noun]) == [phrase]


@pytest.mark.parametrize(
    "question",
    [
        "Where is {x}?",
        "Which country can I visit from {x}?",
        "What country is {x} part of?",
        "Which rivers flow through {x}?",
        "Whose capital is {x}?",
    ],
)
def test_a_question_of_another_shape_gives_none(question):
    assert phrases([question], ["country", "river"]) == []


def test_equal_phrases_come_once():
    forms = ["What is the flag of {x}?", "Name the flag of {x}.", "What is the flag of {x}?"]
    assert phrases(forms, ["flag"]) == ["the flag of {x}"]


def test_chinese_questions_turn_round():
    assert phrases(["请问{x}的邻国有哪些？"], ["国家"], language="zh") == ["{x}的邻国"]
    assert phrases(["哪些国家的货币是{x}？"], ["国家"], language="zh") == ["货币是{x}的国家"]
    assert phrases(["{x}流经哪些国家？"], ["国家"], language="zh") == ["{x}流经的国家"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_only_training_has_them_and_none_is_a_phrase_of_another_split(language):
    draws = {}
    for draw in (0, 5):
        words = {split: Wording(language, split, draw=draw) for split in SPLITS}
        made = 0
        for key in words["train"].steps:
            forms = {split: words[split].parts(key, "np") for split in SPLITS}
            others = {f.text for split in ("valid", "test") for f in forms[split]}
            new = [form for form in forms["train"] if form.id.endswith(":np")]
            made += len(new)
            assert not others & {form.text for form in new}
            assert not [f for split in ("valid", "test") for f in forms[split] if ":np" in f.id]
            sources = {form.id for form in words["train"].questions(key)}
            assert {form.id.removesuffix(":np") for form in new} <= sources
        draws[draw] = made
    assert min(draws.values()) > (200 if language == "en" else 4)
