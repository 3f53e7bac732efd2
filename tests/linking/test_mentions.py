"""Finding names in running text, of any script."""

from __future__ import annotations

import pytest

from lichen.base.errors import DataError
from lichen.linking.mentions import MentionFinder, names_of, variants


def found(finder, text):
    return [(text[f.span.start : f.span.end], f.entities) for f in finder.find(text)]


@pytest.fixture
def finder(graph):
    return MentionFinder(names_of(graph))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("nothing of note", []),
        ("GERMANY and germany's Berlin.", ["GERMANY", "germany", "Berlin"]),
        ("德国的首都是柏林", ["德国"]),
        ("ドイツは", ["ドイツ"]),
        ("독일은 독일", ["독일", "독일"]),
        ("في ألمانيا، Berlin", ["ألمانيا", "Berlin"]),
        ("वह गर्मनी में है", ["गर्मनी"]),
        ("😀Berlin😀 İß Armenia", ["Berlin", "Armenia"]),
        ("GROSSDEUTSCHLAND", ["GROSSDEUTSCHLAND"]),
        ("United\nStates", ["United\nStates"]),
        ("Berliner, Germanys, xBerlin, Berlin2", []),
        ("of the United States", ["United States"]),
    ],
)
def test_names_in_text(finder, text, words):
    assert [surface for surface, _ in found(finder, text)] == words


def test_short_and_ordinary_names_need_their_own_spelling():
    finder = MentionFinder([(0, "US"), (1, "Po"), (2, "Other"), (3, "Male"), (4, "IT")])
    assert found(finder, "us Us po other Other male it It") == []
    assert [e for _, (e,) in found(finder, "US Po IT")] == [0, 1, 4]


def test_a_single_ideograph_is_no_name():
    assert found(MentionFinder([(0, "人"), (1, "中国")]), "中国人") == [("中国", (1,))]


def test_the_longest_of_the_leftmost_wins_but_only_whole_words():
    finder = MentionFinder([(0, "New York"), (1, "New York St"), (2, "York"), (3, "Guinea")])
    assert found(finder, "New York Street, New York St, Guinea-Bissau") == [
        ("New York", (0,)),
        ("New York St", (1,)),
        ("Guinea", (3,)),
    ]


def test_homonyms_come_together(finder, graph):
    ((_, entities),) = found(finder, "georgia")
    assert {graph.entities[e] for e in entities} == {"Georgia", "Georgia (state)"}


def test_a_name_added_live_is_found_and_may_win(finder):
    finder.add(90, "Berlin Wall")
    finder.add(91, "Pankow")
    finder.add(92, "Berlin")
    assert found(finder, "Berlin Wall, Pankow, Berlin, 德国") == [
        ("Berlin Wall", (90,)),
        ("Pankow", (91,)),
        ("Berlin", (finder.find("Berlin")[0].entities)),
        ("德国", finder.find("德国")[0].entities),
    ]
    assert 92 in finder.find("Berlin")[0].entities
    with pytest.raises(DataError, match="a name must have at least one letter"):
        finder.add(93, " ")


def test_no_names_find_nothing():
    assert MentionFinder([]).find("Berlin") == []
    assert MentionFinder([(0, "..."), (1, "42")]).find("... 42") == []


def test_names_are_labels_and_names(graph):
    names = names_of(graph)
    assert names[0] == (0, "Georgia")
    assert (graph.entities.id("United States"), "US") in names


def test_variants():
    assert variants("The Gambia") == ["Gambia"]
    assert variants("The Congo (Brazzaville)") == ["Congo (Brazzaville)", "The Congo"]
    assert variants("Mt. Elgon") == []


def test_a_megabyte(finder):
    text = "Berlin lies in Germany, not in 法国. " * 30_000
    assert len(text) > 1_000_000
    assert len(finder.find(text)) == 60_000
