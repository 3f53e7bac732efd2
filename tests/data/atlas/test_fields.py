import pytest

from lichen.data.atlas.fields import (
    brackets,
    clean,
    fold,
    singular,
    split_list,
    without_notes,
    without_shares,
)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<p>a&nbsp;b</p>", "a b"),
        ("<strong>note 1:</strong> x<br><br>y", "note 1: x\ny"),
        ("Christian &lt;1.0%", "Christian <1.0%"),
        ("C&amp;ocirc;te d&rsquo;Ivoire", "Côte d'Ivoire"),
        ("  \n ", ""),
    ],
)
def test_clean_removes_markup_and_keeps_signs(raw, text):
    assert clean(raw) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Fuji 3,776 m; note - the height", "Fuji 3,776 m"),
        ("English\nnote 1: more", "English"),
        ("note: nothing", ""),
        ("banknotes, noteworthy", "banknotes, noteworthy"),
    ],
)
def test_notes_are_cut(raw, text):
    assert without_notes(raw) == text


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("a, b; c", ["a", "b", "c"]),
        ("mining (gold, tin), 1,200 km", ["mining (gold, tin)", "1,200 km"]),
        ("Zambia [s]), Angola, Namibia", ["Zambia [s])", "Angola", "Namibia"]),
        (" , ;", []),
    ],
)
def test_lists_split_outside_brackets(raw, parts):
    assert split_list(raw) == parts


def test_brackets_nest_and_may_be_left_open():
    assert brackets("a (b (c) d) e") == ("a e", ["b (c) d"])
    assert brackets("a (b") == ("a", ["b"])
    assert brackets("plain") == ("plain", [])


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Muslim 98.0 - 99.0%", "Muslim"),
        ("European less than 1%", "European"),
        ("Indigenous .06%", "Indigenous"),
        ("German 88.6% (2001 est.)", "German"),
        ("Group of 7", "Group of 7"),
    ],
)
def test_shares_are_removed(raw, name):
    assert without_shares(raw) == name


def test_folding_ignores_case_accents_and_article():
    assert fold("São Tomé") == "sao tome"
    assert fold("The Gambia") == "gambia"
    assert fold("奥地利") == "奥地利"


@pytest.mark.parametrize(
    ("plural", "form"),
    [("cocoa beans", "cocoa bean"), ("tomatoes", "tomato"), ("gas", "gas"), ("glass", "glass")],
)
def test_singulars(plural, form):
    assert singular(plural) == form
