import gzip
import json

import pytest

from lichen.base.errors import DataError
from lichen.data.read import read_graph, scan_graph
from lichen.data.read.folder import split_files


def test_splits_of_mixed_formats(tmp_path):
    (tmp_path / "train.tsv.gz").write_bytes(gzip.compress(b"a\tr\tb\n"))
    (tmp_path / "dev.csv").write_text("head,relation,tail\na,r,c\n")
    (tmp_path / "test.jsonl").write_text('{"head": "c", "relation": "s", "tail": "a"}\n')
    (tmp_path / "facts.txt").write_text("b\tr\tc\n")
    (tmp_path / "notes.txt").write_text("not a split")
    g = read_graph(tmp_path)
    assert {k: v.tolist() for k, v in g.splits.items()} == {
        "facts": [0],
        "train": [1],
        "valid": [2],
        "test": [3],
    }


def test_two_files_for_one_split(tmp_path):
    (tmp_path / "dev.tsv").write_text("a\tr\tb\n")
    (tmp_path / "valid.tsv").write_text("a\tr\tb\n")
    with pytest.raises(DataError, match=r"one file for the split 'valid', found dev.tsv and valid"):
        split_files(tmp_path)


def test_entities_and_relations_that_train_lacks_are_kept(tmp_path):
    (tmp_path / "train.txt").write_text("a\tr\tb\n")
    (tmp_path / "test.txt").write_text("a\tnew\tstranger\n")
    g = read_graph(tmp_path)
    assert g.num_facts == 2
    assert "stranger" in g.entities


def test_fact_in_two_splits_is_kept_in_both_and_said(tmp_path, caplog):
    (tmp_path / "train.txt").write_text("a\tr\tb\nc\tr\td\n")
    (tmp_path / "test.txt").write_text("a\tr\tb\n")
    g, report = scan_graph(tmp_path)
    assert g.num_facts == 2
    assert (len(g.split("train")), len(g.split("test"))) == (2, 1)
    assert report.num_shared == 1
    assert "1 facts stand in more than one split and are kept in each, which is a leak" in (
        caplog.text
    )


@pytest.mark.parametrize("ending", ["tsv", "csv"])
def test_the_same_letters_first_in_two_files_are_a_header(tmp_path, ending):
    separator = {"tsv": "\t", "csv": ","}[ending]
    for split, row in [("train", "srb"), ("test", "brs")]:
        lines = (separator.join(x) + "\n" for x in ("srt", row))
        (tmp_path / f"{split}.{ending}").write_text("".join(lines))
    assert set(read_graph(tmp_path).entities) == {"s", "b"}
    (tmp_path / f"test.{ending}").write_text(separator.join("brs") + "\n")
    assert set(read_graph(tmp_path).entities) == {"s", "b", "t"}


def test_texts_beside_the_facts(tmp_path):
    (tmp_path / "train.txt").write_text("e1\t_r_x\te2\n")
    (tmp_path / "entity2text.txt").write_text("e1\tdog, a pet\ne2\tcat\nother\tcow, an animal\n")
    (tmp_path / "relation2text.txt").write_text("_r_x\tis friends with\n_none\tx\n")
    g = read_graph(tmp_path)
    assert g.num_entities == 2
    assert (g.name(0), g.descriptions[0]) == ("dog", "dog, a pet")
    assert (g.name(1), g.descriptions.get(1)) == ("cat", None)
    assert g.relation_text(0) == "is friends with"
    (tmp_path / "entity2textlong.txt").write_text("e1\tA pet that barks.\n")
    g = read_graph(tmp_path)
    assert (g.name(0), g.descriptions[0]) == ("dog, a pet", "A pet that barks.")


def test_wikidata_texts(tmp_path):
    (tmp_path / "train.txt").write_text("/m/1\tr\t/m/2\n")
    about = {"label": "Denton", "description": "a city", "alternatives": ["Denton, Texas"]}
    texts = {"/m/1": about, "/m/9": about, "/m/2": None}
    (tmp_path / "entity2wikidata.json").write_text(json.dumps(texts))
    g = read_graph(tmp_path)
    assert g.names_of(0) == ("/m/1", "Denton", "Denton, Texas")
    assert g.descriptions[0] == "a city"
    assert g.num_entities == 2


def test_folder_without_known_files(tmp_path):
    (tmp_path / "readme.md").write_text("hello")
    with pytest.raises(DataError, match="must hold train, valid or test files"):
        read_graph(tmp_path)
