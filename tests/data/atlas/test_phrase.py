"""Names in sentences: articles, possessives, spans."""

from __future__ import annotations

import pytest

from lichen.data.atlas.phrase import Phrase, article, fill, indefinite, phrase
from lichen.data.builder import GraphBuilder


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("Danube", "river", "the "), ("Austria", "country", ""), ("Gambia", "country", "the "),
        ("Philippines", "country", "the "), ("Faroe Islands", "territory", "the "),
        ("Christmas Island", "territory", ""), ("Lake Victoria", "lake", ""),
        ("Caspian Sea", "lake", "the "),
        ("Black Sea", "sea", "the "), ("euro", "currency", "the "),
        ("NATO", "organisation", ""), ("World Bank", "organisation", "the "),
        ("Vienna", "city", ""),
        ("German", "language", ""), ("Mount Kenya", "mountain", ""),
    ],
)  # fmt: skip
def test_article(name, kind, expected):
    assert article(name, (kind,)) == expected


def test_indefinite_goes_by_sound():
    assert indefinite("monarchy") == indefinite("unitary state") == "a "
    assert indefinite("emirate") == indefinite("Islamic republic") == "an "


def test_fill_places_mentions():
    h, t = (3, Phrase("the ", "Netherlands")), (8, Phrase("the ", "euro"))
    made = fill("{h's} money is {t}.", h, t)
    assert made.text == "The Netherlands' money is the euro."
    assert [(m.entity, made.text[slice(*m.span)]) for m in made.mentions] == [
        (3, "Netherlands"), (8, "euro"),
    ]  # fmt: skip
    assert fill("{bare t} in {h}: {h}.", h, t).text == "Euro in the Netherlands: the Netherlands."
    assert fill("It is {a t}.", h, (1, Phrase("", "absolute monarchy"))).text == (
        "It is an absolute monarchy."
    )
    assert fill("{t's} home.", h, (1, Phrase("", "Austria"))).text == "Austria's home."


@pytest.mark.parametrize(
    ("label", "kind", "expected"),
    [
        ("Niger (river)", "river", "the Niger"),
        ("German (ethnic group)", "ethnic group", "German"),
        ("Mount Olympus (mountain in Greece)", "mountain", None),
        ("Swiss Franc", "currency", "the Swiss franc"),
        ("golden falcon", "symbol", "the golden falcon"),
        ("Mount Ararat (symbol)", "symbol", "Mount Ararat"),
        ("federal republic", "government type", "federal republic"),
        ("theocratic", "government type", None),
        ("sandy beaches foster tourism", "resource", None),
        ("The Hague", "city", "the Hague"),
        ("not specified", "religion", None),
    ],
)
def test_phrase_of_a_label(label, kind, expected):
    builder = GraphBuilder()
    builder.add_entity(label, types=(kind,))
    found = phrase(builder.build(), 0)
    assert (found and "".join(found)) == expected


def test_phrase_in_chinese():
    builder = GraphBuilder()
    builder.add_name("Austria", "奥地利", language="zh")
    builder.add_entity("Graz")
    graph = builder.build()
    assert phrase(graph, 0, language="zh") == Phrase("", "奥地利")
    assert phrase(graph, 1, language="zh") is None
