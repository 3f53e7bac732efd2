import numpy as np
import pytest

from lichen.base.errors import ArtifactError
from lichen.base.manifest import write_manifest
from lichen.data.builder import GraphBuilder
from lichen.data.graph import Graph
from lichen.data.read import arrays, read_graph, scan_graph


def everything():
    builder = GraphBuilder()
    builder.add_split("valid")
    builder.add_fact("a\nb", "r\t", "水", source=("p. 1", "they say"), split=("train", "test"))
    builder.add_fact("水", "q", "a\nb", split="train")
    builder.add_entity("alone", types=("thing", "x"), description="It is alone.")
    builder.add_name("水", "water")
    builder.add_name("水", "eau", language="fr")
    builder.add_relation("q", text="asks")
    builder.add_literal("alone", "age", 3.5, unit="years", year=2020, source=("p. 2", ""))
    builder.add_literal("alone", "motto", "no")
    return builder.build()


FIELDS = (
    "entities", "relations", "names", "descriptions", "types", "literals", "sources",
    "relation_texts",
)  # fmt: skip


@pytest.mark.parametrize("mapped_from", [0, arrays.MAPPED_FROM])
def test_all_of_a_graph_comes_back(tmp_path, monkeypatch, mapped_from):
    monkeypatch.setattr(arrays, "MAPPED_FROM", mapped_from)
    graph = everything()
    found = Graph.load(graph.save(tmp_path / "g.lichen"))
    for field in FIELDS:
        assert getattr(found, field) == getattr(graph, field), field
    assert found.triples.tolist() == graph.triples.tolist()
    assert found.fact_sources.tolist() == graph.fact_sources.tolist()
    assert {k: v.tolist() for k, v in found.splits.items()} == {
        "valid": [],
        "train": [0, 1],
        "test": [0],
    }
    assert found.tails(0, 0) == graph.tails(0, 0)
    assert type(found.triples) is np.ndarray


def test_large_arrays_stay_in_their_files(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "MAPPED_FROM", 0)
    graph = Graph.load(everything().save(tmp_path / "g.lichen"))
    base = graph.triples
    while isinstance(base, np.ndarray):
        base = base.base
    assert type(base).__name__ == "mmap"
    with pytest.raises(ValueError, match="read-only"):
        graph.triples[0, 0] = 1


def test_the_report_counts_facts(tmp_path):
    graph, report = scan_graph(everything().save(tmp_path / "g.lichen"))
    assert (graph.num_facts, report.num_lines, report.num_bad) == (2, 2, 0)
    assert (report.num_duplicates, report.num_shared) == (0, 1)


def test_broken_folders_are_refused(tmp_path):
    folder = everything().save(tmp_path / "g.lichen")
    (folder / "entities.json").write_text('["a"]')
    with pytest.raises(ArtifactError, match=r"entities\.json: must have the hash"):
        read_graph(folder)
    (folder / "lichen.json").unlink()
    with pytest.raises(ArtifactError, match="holds no complete graph"):
        read_graph(folder)
    other = tmp_path / "nodes"
    other.mkdir()
    write_manifest(other, kind="graph-encoder", names=[])
    with pytest.raises(ArtifactError, match="must be of kind 'graph' and format 1; got kind 'grap"):
        read_graph(other)
