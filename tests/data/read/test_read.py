import sys
import types

import pytest

from lichen.base.errors import ChoiceError, DataError
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.data.read import read_corpus, read_graph, scan_graph
from lichen.store import Store


@pytest.mark.parametrize("read", [read_graph, read_corpus])
def test_nothing_there(tmp_path, read):
    with pytest.raises(DataError, match="must be a file or a folder, found nothing there"):
        read(tmp_path / "none.tsv")


@pytest.mark.parametrize("read", [read_graph, read_corpus])
def test_a_name_that_cannot_be_is_one_clear_line(tmp_path, read):
    with pytest.raises(DataError, match=r"must be a file .* read; File name too long\. Check"):
        read(tmp_path / ("x" * 300 + ".tsv"))


@pytest.mark.parametrize("name", ["kg.tsv", "kg.jsonl", "kg.nt", "kg.ttl", "kg.txt.gz"])
def test_empty_file(tmp_path, name):
    import gzip

    path = tmp_path / name
    path.write_bytes(gzip.compress(b"") if name.endswith(".gz") else b"")
    with pytest.raises(DataError, match="must hold at least one fact or entity, found none"):
        read_graph(path)


@pytest.mark.parametrize("name", ["c.jsonl", "c.csv"])
def test_empty_corpus(tmp_path, name):
    path = tmp_path / name
    path.write_text("text\n" if name.endswith("csv") else "")
    with pytest.raises(DataError, match="must hold at least one document, found none"):
        read_corpus(path)


@pytest.mark.parametrize(("read", "name"), [(read_corpus, "c.jsonl"), (scan_graph, "kg.tsv")])
def test_where_every_line_is_bad_the_first_is_told(tmp_path, read, name):
    path = tmp_path / name
    path.write_text("oops\noops too\n")
    with pytest.raises(DataError) as error:
        read(path, on_bad_line="skip")
    said = str(error.value)
    assert f"found none in 2 lines. The first of 2 bad lines: {path}:1: expected " in said
    assert said.endswith("found 'oops'. Check that this is the right file.") or name == "kg.tsv"


def test_unknown_suffix_names_the_nearest(tmp_path):
    path = tmp_path / "kg.tvs"
    path.write_text("a\tr\tb\n")
    with pytest.raises(
        ChoiceError, match=r"kg.tvs: the suffix must be one of .*Did you mean '.tsv"
    ):
        Graph.load(path)
    path = tmp_path / "c.json"
    path.write_text("{}")
    with pytest.raises(ChoiceError, match=r"got '.json'. Did you mean '.jsonl'"):
        Corpus.load(path)


def test_store_addresses_go_to_the_store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Store.open("facts.db") as store:
        store.insert("Vienna", "capital_of", "Austria")
    found = Graph.load("sqlite:///facts.db")
    assert (found.entities.labels, found.num_facts) == (("Vienna", "Austria"), 1)
    assert scan_graph("sqlite:///facts.db")[1].num_lines == 1
    by_name = Graph.load("facts.db")  # told by how it begins, whatever its name
    assert (by_name.entities, by_name.num_facts) == (found.entities, 1)


@pytest.mark.parametrize("address", ["sqlite:///none.db", "sqlite:///empty.db", "sqlite://"])
def test_a_store_that_is_not_there_is_told_and_not_made(tmp_path, monkeypatch, address):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.db").touch()
    with pytest.raises(DataError) as told:
        Graph.load(address)
    assert str(told.value) == (
        f"{address}: must be a store that exists, found none there. Check the path, or make one "
        "with lichen import."
    )
    assert not (tmp_path / "none.db").exists()


def test_atlas_goes_to_the_built_in_graph(monkeypatch):
    graph, corpus = Graph.from_triples([("a", "r", "b")]), Corpus(())
    fake = types.SimpleNamespace(load_graph=lambda: graph, load_corpus=lambda: corpus)
    monkeypatch.setitem(sys.modules, "lichen.data.atlas", fake)
    assert Graph.load("atlas") is graph
    assert Corpus.load("atlas") is corpus


COUNTS = {
    "kgc_wn18rr": (40_943, 11, {"train": 86_835, "valid": 3_034, "test": 3_134}),
    "kgc_codex_s": (2_034, 42, {"train": 32_888, "valid": 1_827, "test": 1_828}),
    "kgc_small/kinship": (104, 25, {"train": 8_544, "valid": 1_068, "test": 1_074}),
    "kgc_small/nations": (14, 55, {"train": 1_592, "valid": 199, "test": 201}),
    "kgc_small/umls": (135, 46, {"train": 5_216, "valid": 652, "test": 661}),
    "kgc_small/countries/S1": (271, 2, {"train": 1_110, "valid": 24, "test": 24}),
    "kgc_small/family": (
        3_007,
        12,
        {"facts": 17_615, "train": 5_868, "valid": 2_038, "test": 2_835},
    ),
    "kgc_inductive/WN18RR_v1": (2_746, 9, {"train": 5_410, "valid": 630, "test": 638}),
    "kgc_inductive/fb237_v1_ind": (1_093, 142, {"train": 1_993, "valid": 206, "test": 205}),
    "kgc_fb15k237": (14_541, 237, {"train": 272_115, "valid": 17_535, "test": 20_466}),
}


@pytest.mark.parametrize("name", COUNTS)
def test_benchmark_counts(lichen_data, name):
    if not (lichen_data / name).is_dir():
        pytest.skip(f"the benchmark data has no {name}")
    entities, relations, splits = COUNTS[name]
    g = read_graph(lichen_data / name)
    assert (g.num_entities, g.num_relations) == (entities, relations)
    assert {split: len(rows) for split, rows in g.splits.items()} == splits
    if name in ("kgc_wn18rr", "kgc_fb15k237", "kgc_codex_s"):
        assert len(g.relation_texts) == relations
        assert len(g.names) > entities // 2


def test_benchmark_with_the_relation_first(lichen_data):
    folder = lichen_data / "kgc_conceptnet100k"
    if not folder.is_dir():
        pytest.skip("the benchmark data has no kgc_conceptnet100k")
    g = read_graph(folder, columns=("relation", "head", "tail"))
    assert (g.num_entities, g.num_relations, g.num_facts) == (78_339, 34, 102_400)
    assert "IsA" in g.relations


def test_benchmark_negatives(lichen_data):
    from lichen.data.read.codex import read_negatives

    folder = lichen_data / "kgc_codex_s"
    if not folder.is_dir():
        pytest.skip("the benchmark data has no kgc_codex_s")
    g = read_graph(folder)
    negatives = read_negatives(folder, g, split="test")
    assert negatives.shape == (1_828, 3)
    assert not any(tuple(fact) in g for fact in negatives.tolist())
