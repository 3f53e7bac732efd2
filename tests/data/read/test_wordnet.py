from pathlib import Path

import pytest

from lichen.base.errors import DataError
from lichen.data.read import read_graph, scan_graph
from lichen.data.read.wordnet import FILES, POINTERS

INSTALLED = (Path("/usr/share/wordnet"), Path("/usr/local/WordNet-3.0/dict"))

NOUNS = """  1 The licence stands in lines that start with two spaces.
00001740 03 n 01 entity 0 001 ~ 02084071 n 0000 | that which exists
02084071 05 n 02 dog 0 Domestic_dog 0 002 @ 00001740 n 0000 + 00000009 v 0101 | a pet; "it barks"
"""
ADJECTIVES = "00000005 00 s 01 doggy(p) 0 001 \\ 02084071 n 0101 | like a dog\n"
VERBS = "00000009 38 v 01 dog 0 001 + 02084071 n 0101 01 + 08 00 | go after\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data.noun").write_text(NOUNS)
    (tmp_path / "data.adj").write_text(ADJECTIVES)
    (tmp_path / "data.verb").write_text(VERBS)
    (tmp_path / "index.noun").write_text(
        "  1 licence\nentity n 1 1 ~ 1 1 00001740  \ndog n 2 1 @ 2 1 10114209 02084071  \n"
    )
    (tmp_path / "index.adj").write_text("doggy a 1 1 \\ 1 0 00000005  \n")
    (tmp_path / "index.verb").write_text("dog v 1 1 + 1 1 00000009  \n")
    return tmp_path


def test_synsets_names_glosses_and_pointers(folder):
    g = read_graph(folder)
    assert g.entities.labels == ("entity.n.01", "dog.n.02", "dog.v.01", "doggy.s.01")
    dog = g.entities.id("dog.n.02")
    assert g.names_of(dog) == ("dog.n.02", "dog", "Domestic dog")
    assert g.descriptions[dog] == 'a pet; "it barks"'
    assert g.types_of(dog) == ("noun.animal", "noun")
    assert [x.value for x in g.literals if x.entity == dog] == ["02084071-n"]
    facts = {(g.entities[h], g.relations[r], g.entities[t]) for h, r, t in g.triples.tolist()}
    assert facts == {
        ("entity.n.01", "hyponym", "dog.n.02"),
        ("dog.n.02", "hypernym", "entity.n.01"),
        ("dog.n.02", "derivationally_related_form", "dog.v.01"),
        ("dog.v.01", "derivationally_related_form", "dog.n.02"),
        ("doggy.s.01", "pertainym", "dog.n.02"),
    }


def test_bad_lines(folder):
    with (folder / "data.verb").open("a") as file:
        file.write("0000 oops\n00000077 38 v 01 run 0 001 @ 99999999 v 0000 | go fast\n")
    with pytest.raises(DataError, match=r"data.verb:2: expected a synset, found '0000 oops'"):
        read_graph(folder)
    g, report = scan_graph(folder)
    assert report.num_bad == 2
    assert "00000077-v" in g.entities  # no index line gives it a sense number
    assert g.num_facts == 5


def test_missing_half_of_a_pair(folder):
    (folder / "index.adj").unlink()
    with pytest.raises(DataError, match=r"must hold index.adj too"):
        read_graph(folder)


def test_tables_are_whole():
    assert len(FILES) == 45
    assert len(set(POINTERS.values())) == len(POINTERS) == 26


def test_whole_wordnet():
    folder = next((f for f in INSTALLED if (f / "data.noun").exists()), None)
    if folder is None:
        pytest.skip("WordNet is not installed: apt-get install wordnet-base")
    g, report = scan_graph(folder, on_bad_line="raise")
    assert g.num_entities == 117_659
    assert g.num_relations == 26
    assert g.num_facts + report.num_duplicates == 377_592
    assert len(g.descriptions) == len(g.types) == 117_659
    dog, canine = g.entities.id("dog.n.01"), g.entities.id("canine.n.02")
    assert g.row(dog, g.relations.id("hypernym"), canine) is not None
    offsets = {x.value: x.entity for x in g.literals}
    assert offsets["02084071-n"] == dog
