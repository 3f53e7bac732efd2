"""Folding: equal ways of writing become equal, and every offset finds its way back."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lichen.linking.fold import EDGE, fold, key, open_ended, with_edges


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("São Tomé", "sao tome"),
        ("İSTANBUL ıstanbul", "istanbul istanbul"),
        ("Straße", "strasse"),
        ("ﬁnland ＵＳＡ", "finland usa"),
        ("Cote d’Ivoire – Abidjan", "cote d'ivoire - abidjan"),
        ("New\u00a0York\nCity", "new york city"),
        ("Łódź Ærø", "lodz æro"),
        ("so\u00adft", "soft"),
        ("e\u0301", "e"),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국"),
        ("か\u3099", "が"),
        ("Ёлка", "елка"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_ways_of_writing(text, folded):
    assert fold(text).text == folded


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("xß Wien", "wien"),
        ("İİİ Wien", "wien"),
        ("ﬁﬂ 😀👩\u200d👩\u200d👧 Wien", "wien"),
        ("e\u0301e\u0301 Wien", "wien"),
        ("שלום Wien", "wien"),
        ("\u1112\u1161\u11ab Wien", "wien"),
    ],
)
def test_offsets_come_back(text, part):
    folded = fold(text)
    start = folded.text.index(part)
    first, last = folded.original(start, start + len(part))
    assert text[first:last] == "Wien"


def test_a_match_inside_a_ligature_takes_all_of_it():
    folded = fold("ﬁnland")
    assert folded.original(1, 7) == (0, 6)


@given(st.text())
def test_any_text_keeps_its_offsets_in_order(text):
    folded = fold(text)
    if folded.starts is None:
        assert len(folded.text) == len(text)
    else:
        assert len(folded.starts) == len(folded.ends) == len(folded.text)
        assert (folded.starts[1:] >= folded.starts[:-1]).all()
        assert (folded.ends > folded.starts).all()
        assert not len(folded.ends) or folded.ends[-1] <= len(text)
    assert with_edges(folded.text).replace(EDGE, "") == folded.text


@given(st.text(alphabet=st.characters(categories=("Lu", "Ll"), max_codepoint=0x24F)))
def test_case_and_normal_form_make_no_difference(text):
    decomposed = unicodedata.normalize("NFD", text)
    assert fold(text).text == fold(decomposed).text


def test_edges_stand_where_a_script_has_words():
    assert with_edges("new york, 北京").replace(EDGE, "|") == "|new| |york|, 北京"
    assert with_edges("हिन्दी भाषा").count(EDGE) == 4
    assert with_edges("") == ""


def test_a_particle_may_follow_a_korean_name():
    assert open_ended(with_edges("한국")) == f"{EDGE}한국"
    assert open_ended(with_edges("wien")) == with_edges("wien")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Gambia", "Gambia"),
        ("Luxembourg (city)", "luxembourg"),
        ("Guinea-Bissau", "guinea bissau"),
        ("Cote d'Ivoire", "Côte d’Ivoire"),
        ("St. John's", "st johns"),
    ],
)
def test_keys_of_the_same_name(one, other):
    assert key(one) == key(other)


def test_keys_of_odd_names():
    assert key("(the)") == "the"
    assert key("The") == "the"
    assert key("...") == ""
    assert key("北京") == "北京"
