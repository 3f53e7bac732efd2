"""Chinese statements: both ends, one sentence, no Latin letters outside the slots."""

import re

from lichen.data.atlas.statements_en import ENGLISH
from lichen.data.atlas.statements_zh import CHINESE


def test_both_ends_stand_in_each():
    for ways in CHINESE.values():
        for way in ways:
            assert sorted(re.findall(r"\{([^}]*)\}", way)) == ["h", "t"], way


def test_each_is_one_chinese_sentence():
    for ways in CHINESE.values():
        for way in ways:
            bare = re.sub(r"\{[ht]\}", "", way)
            assert bare.endswith("。"), way
            assert bare.count("。") == 1, way
            assert not re.search(r"[A-Za-z .]", bare), way


def test_relations_are_said_in_english_too():
    assert set(CHINESE) <= set(ENGLISH)
