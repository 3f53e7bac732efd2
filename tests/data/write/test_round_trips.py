"""What is written comes back: every format, any label, any script."""

from __future__ import annotations

import string
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Candidate, Corpus, Document, Mention, Span
from lichen.data.graph import Graph
from lichen.data.read import read_corpus, read_graph
from lichen.data.read.codex import read_negatives
from lichen.data.write import write_codex, write_corpus, write_graph

slow_machine = settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda text: text.strip() and text not in ("nan", "NaN")
)
plain = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12
).filter(str.strip)
languages = st.sampled_from(["en", "de", "zh", "ar"])
splits = st.sampled_from([None, "train", "valid", "test"])
numbers = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def graphs(draw, labels=texts, *, with_splits=True):
    builder = GraphBuilder()
    known = draw(st.lists(labels, min_size=1, max_size=6, unique=True))
    relations = draw(st.lists(labels, min_size=1, max_size=3, unique=True))
    entity, relation = st.sampled_from(known), st.sampled_from(relations)
    if with_splits and draw(st.booleans()):
        builder.add_split("test")
    for label in known:
        builder.add_entity(label, types=tuple(draw(st.lists(labels, max_size=2))))
    for label in relations:
        builder.add_relation(label, text=draw(st.none() | labels) or "")
    for h, r, t in draw(st.lists(st.tuples(entity, relation, entity), min_size=1, max_size=8)):
        source = draw(st.none() | st.tuples(labels, labels))
        builder.add_fact(h, r, t, source=source, split=draw(splits) if with_splits else None)
    for label, name, language in draw(st.lists(st.tuples(entity, labels, languages), max_size=4)):
        builder.add_name(label, name, language=language)
    for label, text in draw(st.lists(st.tuples(entity, labels), max_size=3)):
        builder.add_entity(label, description=text)
    for label, attribute, value in draw(
        st.lists(st.tuples(entity, labels, numbers | labels), max_size=4)
    ):
        unit, year = draw(st.none() | labels), draw(st.none() | st.integers(1, 2100))
        source = draw(st.none() | st.tuples(labels, labels))
        builder.add_literal(label, attribute, value, unit=unit, year=year, source=source)
    return builder.build()


@st.composite
def corpora(draw):
    ids = draw(st.lists(plain, min_size=1, max_size=4, unique=True))
    documents = []
    for id_ in ids:
        text = draw(texts)
        entity = draw(st.none() | st.integers(0, 9))
        candidates = draw(
            st.lists(st.builds(Candidate, st.integers(0, 9), st.floats(0, 1)), max_size=2)
        )
        mention = Mention(Span(0, len(text)), entity, tuple(candidates))
        documents.append(
            Document(
                id=id_,
                text=text,
                language=draw(languages),
                label=draw(st.none() | texts),
                split=draw(splits),
                mentions=(mention,) if draw(st.booleans()) else (),
                meta=draw(st.dictionaries(plain.map(lambda key: f"m {key}"), texts, max_size=2)),
            )
        )
    return Corpus(tuple(documents))


def everything(graph: Graph):
    return (
        graph.entities.labels,
        graph.relations.labels,
        graph.triples.tolist(),
        graph.names,
        dict(graph.descriptions),
        dict(graph.types),
        [(x, type(x.value)) for x in graph.literals],
        graph.sources,
        graph.fact_sources.tolist(),
        {split: rows.tolist() for split, rows in graph.splits.items()},
        list(graph.splits),
        dict(graph.relation_texts),
    )


def facts(graph: Graph, split: str | None = None):
    rows = graph.triples if split is None else graph.split(split)
    return [(graph.entities[h], graph.relations[r], graph.entities[t]) for h, r, t in rows.tolist()]


def about(graph: Graph):
    """Everything that RDF keeps, by label and without order."""
    label = graph.entities
    return (
        set(facts(graph)),
        {(label[n.entity], n.text, n.language) for n in graph.names},
        {label[e]: text for e, text in graph.descriptions.items()},
        {label[e]: frozenset(types) for e, types in graph.types.items()},
        {(label[x.entity], x.attribute, x.value, x.unit, x.year) for x in graph.literals},
    )


def saved_graph(graph: Graph, name: str) -> Graph:
    with tempfile.TemporaryDirectory() as folder:
        return read_graph(write_graph(graph, Path(folder) / name))


def saved_corpus(corpus: Corpus, name: str) -> Corpus:
    with tempfile.TemporaryDirectory() as folder:
        return read_corpus(write_corpus(corpus, Path(folder) / name))


@pytest.mark.parametrize("name", ["g.jsonl", "g.jsonl.gz"])
@given(graph=graphs())
@slow_machine
def test_jsonl_keeps_everything_in_order(name, graph):
    assert everything(saved_graph(graph, name)) == everything(graph)


@pytest.mark.parametrize("name", ["g.tsv", "g.txt.gz"])
@given(graph=graphs(labels=plain))
@slow_machine
def test_tsv_keeps_the_facts_in_order(name, graph):
    assert facts(saved_graph(graph, name)) == facts(graph)


@given(graph=graphs())
@slow_machine
def test_csv_keeps_facts_splits_and_sources(graph):
    if sum(map(len, graph.splits.values())) != len(
        set().union(*(rows.tolist() for rows in graph.splits.values()))
    ):
        return  # a fact in two splits is refused, see test_tables
    found = saved_graph(graph, "g.csv.gz")
    assert facts(found) == facts(graph)
    assert [found.source(i) for i in range(found.num_facts)] == [
        graph.source(i) for i in range(graph.num_facts)
    ]
    assert {k: v.tolist() for k, v in found.splits.items()} == {
        k: v.tolist() for k, v in graph.splits.items() if len(v)
    }


@pytest.mark.parametrize("name", ["g.nt", "g.ttl", "g.ttl.gz"])
@given(graph=graphs(with_splits=False))
@slow_machine
def test_rdf_keeps_facts_names_types_descriptions_and_literals(name, graph):
    assert about(saved_graph(graph, name)) == about(graph)


@given(rows=st.lists(st.tuples(plain, plain, plain), min_size=3, max_size=9, unique=True))
@slow_machine
def test_folder_keeps_the_facts_of_each_split(rows):
    graph = Graph.from_triples(rows[2:], splits={"valid": rows[:1], "test": rows[1:2]})
    found = saved_graph(graph, "folder")
    assert {s: facts(found, s) for s in found.splits} == {s: facts(graph, s) for s in graph.splits}


def test_codex_layout_keeps_facts_names_types_and_words(tmp_path):
    builder = GraphBuilder()
    builder.add_fact("Q40", "P36", "Q1741", split="train")
    builder.add_fact("Q1741", "P17", "Q40", split="test")
    builder.add_entity("Q40", types=("country",), description="a country in the Alps")
    builder.add_name("Q40", "Austria")
    builder.add_name("Q40", "奥地利", language="zh")
    builder.add_relation("P36", text="capital")
    graph = builder.build()
    folder = write_codex(graph, tmp_path / "codex")
    found = read_graph(folder)
    assert facts(found, "train") == facts(graph, "train")
    assert facts(found, "test") == facts(graph, "test")
    assert set(found.names) == set(graph.names)
    assert dict(found.types) == dict(graph.types)
    assert found.descriptions[found.entities.id("Q40")] == "a country in the Alps"
    assert found.relation_text(found.relations.id("P36")) == "capital"
    (folder / "test_negatives.txt").write_text("Q40\tP17\tQ1741\n")
    negatives = read_negatives(folder, found, split="test")
    e, r = found.entities.id, found.relations.id
    assert negatives.tolist() == [[e("Q40"), r("P17"), e("Q1741")]]


@pytest.mark.parametrize("name", ["c.jsonl", "c.jsonl.gz"])
@given(corpus=corpora())
@slow_machine
def test_jsonl_keeps_whole_documents(name, corpus):
    assert saved_corpus(corpus, name) == corpus


@given(docs=st.lists(st.tuples(texts, texts, splits, languages), min_size=1, max_size=4))
@slow_machine
def test_csv_keeps_documents(docs):
    corpus = Corpus(
        tuple(
            Document(id=str(i), text=text, label=label, split=split, language=language)
            for i, (text, label, split, language) in enumerate(docs)
        )
    )
    assert saved_corpus(corpus, "c.csv") == corpus


@given(
    docs=st.dictionaries(
        st.lists(st.text(string.ascii_lowercase + "ö中", min_size=1, max_size=5), min_size=1).map(
            "/".join
        ),
        texts,
        min_size=1,
        max_size=4,
    )
)
@slow_machine
def test_text_folder_keeps_ids_and_texts(docs):
    corpus = Corpus(tuple(Document(id=id_, text=text) for id_, text in sorted(docs.items())))
    assert saved_corpus(corpus, "texts") == corpus


def test_equal_graphs_give_equal_gzip_files(tmp_path):
    graph = Graph.from_triples([("a", "r", "b")])
    first = write_graph(graph, tmp_path / "a.jsonl.gz").read_bytes()
    assert write_graph(graph, tmp_path / "b.jsonl.gz").read_bytes() == first


def test_many_names_in_odd_order_come_back_by_entity():
    graph = Graph.from_triples([("a", "r", "b")])
    builder = GraphBuilder()
    builder.add_fact("a", "r", "b")
    builder.add_name("b", "B1")
    builder.add_name("a", "A1", language="zh")
    builder.add_name("b", "B0", language="de")
    built = builder.build()
    assert [n.text for n in built.names] == ["A1", "B1", "B0"]
    assert everything(saved_graph(built, "g.jsonl")) == everything(built)
    assert np.array_equal(built.triples, graph.triples)
