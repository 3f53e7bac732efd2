"""Which stretches of a text are worth comparing with names."""

from __future__ import annotations

from lichen.data.corpus import Span
from lichen.linking import propose

ORDINARY = frozenset(("what", "capital", "river", "lies"))


def unexplained(text, taken=()):
    words = propose.words_of(text, taken)
    return [words[i].text for i in propose.unexplained(words, ORDINARY.__contains__)]


def windows(text, word, *, taken=()):
    words = propose.words_of(text, taken)
    place = [w.text for w in words].index(word)
    spans = propose.windows(text, words, place)
    return [text[s.start : s.end] for s in spans]


def test_words_that_nothing_explains():
    assert unexplained("What is the capital of germny?") == ["germny"]
    assert unexplained("The capital of Gremany lies there.") == ["Gremany", "there"][:1]
    assert unexplained("What is the capital of Lies?") == ["Lies"]
    assert unexplained("Lies. Lies lies.") == []


def test_mentions_and_scripts_without_spaces_are_left_alone():
    assert unexplained("Berlin germny", [Span(0, 6)]) == ["germny"]
    assert unexplained("德国的首都") == []
    assert unexplained("") == []


def test_windows_take_in_neighbours_longest_first():
    text = "the Republic of yhe Congo"
    found = windows(text, "yhe", taken=[Span(20, 25)])
    assert found[0] == "Republic of yhe Congo"
    assert "yhe Congo" in found
    assert not any(w.startswith("of") for w in found)


def test_windows_stop_at_punctuation_and_small_words():
    assert windows("Berlin, Gremany, Wien", "Gremany") == ["Gremany"]
    assert windows("xy", "xy") == []
    small = "far few before Gremany and after it came others"
    assert "before Gremany" not in windows(small, "Gremany")


def test_a_run_of_capitals():
    text = "Go to Birnin Zana in Wakanda"
    words = propose.words_of(text, [])
    assert propose.run(text, words, 2) == Span(6, 17)


def test_a_name_that_starts_a_sentence_is_not_sure_to_be_one():
    words = propose.words_of("Wakanda lies. “Zana” is. In Wien", [])
    assert [w.text for w in words if w.is_capital] == ["Wien"]
