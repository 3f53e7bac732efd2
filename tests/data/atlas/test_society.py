import pytest

from lichen.data.atlas.collect import Collector
from lichen.data.atlas.countries import countries
from lichen.data.atlas.society import (
    add_ethnic_groups,
    add_languages,
    add_official_languages,
    add_religions,
    items,
)

LANGUAGES = "People and Society/Languages"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Dutch (official) 60%, German (official) less than 1%",
         [("Dutch", 60.0), ("German", None)]),
        ("Roman Catholic 65%, other 5% (2018 est.), none 3%", [("Roman Catholic", 65.0)]),
        ("Muslim 98.0 - 99.0% (predominantly Sunni), other, unspecified <1.0%", [("Muslim", None)]),
        ("Protestant 35% (Pentecostal 22.8%, Anglican 5.2%)",
         [("Protestant", 35.0), ("Pentecostal", 22.8), ("Anglican", 5.2)]),
        ("other (includes Xinca and Garifuna) 0.4%", [("Xinca", None), ("Garifuna", None)]),
        ("more than 200 African ethnic groups", []),
        ("English only 78.2%", [("English", 78.2)]),
        ("", []),
    ],
)  # fmt: skip
def test_items_of_hard_lists(text, found):
    assert [(item.name, item.percent) for item in items(text)] == found


def test_official_is_read_with_care(facts_of):
    text = (
        "German (official nationwide) 88.6%, Croatian (official in Burgenland) 1.6%, "
        "isiZulu or Zulu (official) 2%, Farsi 1% (2001 est.)"
    )
    found, collector = facts_of(add_languages, LANGUAGES, text)
    official = {t for r, t in found if r == "official_language"}
    assert official == {"German", "Zulu"}
    assert {t for r, t in found if r == "language"} == {"German", "Croatian", "Zulu", "Persian"}
    german = collector.find("language", "German")
    assert collector.value(collector.find("country", "X"), "speaks German").value == 88.6
    graph = collector.build()
    assert graph.names_of(graph.entities.id("German"), language="zh") == ("德语",)
    assert german is not None


def test_a_language_where_none_is_marked_official():
    collector, japan = Collector(), countries()["ja"]
    thing = collector.thing("country", "Japan")
    add_official_languages(collector, japan, thing)
    assert [collector.display(t) for t in collector.tails(thing, "official_language")] == [
        "Japanese"
    ]


def test_religions_have_one_name(facts_of):
    text = "Islam 19.1%, Jehovah Witness 2%, Umbanda and Candomblé 1.1%, no religion 13.5%"
    found, _ = facts_of(add_religions, "People and Society/Religions", text)
    assert {t for _r, t in found} == {"Muslim", "Jehovah's Witness", "Umbanda", "Candomblé"}


def test_countries_of_birth_are_no_ethnic_groups(facts_of):
    text = "Poland 3%, Serbs 2%, Hutu, foreigners 1%, predominantly Swazi, iTaukei 56.8%, UK 16%"
    found, _ = facts_of(add_ethnic_groups, "People and Society/Ethnic groups", text)
    assert {t for _r, t in found} == {"Serbian", "Hutu", "Swazi", "iTaukei"}
