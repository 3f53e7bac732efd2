"""English statements: what each slot may be, and that they read as sentences."""

import re

from lichen.data.atlas.statements_en import ENGLISH

SLOTS = {"h", "t", "h's", "t's", "a h", "a t", "bare h", "bare t"}


def test_slots_are_those_that_can_be_filled():
    for ways in ENGLISH.values():
        for way in ways:
            assert set(re.findall(r"\{([^}]*)\}", way)) <= SLOTS, way


def test_each_is_one_sentence():
    for ways in ENGLISH.values():
        for way in ways:
            assert way.endswith("."), way
            assert way[0] == "{" or way[0].isupper(), way
            assert "  " not in way, way


def test_no_sentence_states_two_relations_that_exclude_each_other():
    opposed = (("exports", "imports"), ("river_source", "river_mouth"))
    for one, other in opposed:
        assert not set(ENGLISH[one]) & set(ENGLISH[other])
