import json

import pytest

from lichen.base.errors import DataError
from lichen.data.corpus import Candidate, Corpus, Mention, Span
from lichen.data.graph import Graph
from lichen.data.read import read_corpus


def written(tmp_path, *lines, name="c.jsonl"):
    path = tmp_path / name
    texts = [x if isinstance(x, str) else json.dumps(x) for x in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def test_jsonl_fields_and_defaults(tmp_path):
    path = written(
        tmp_path,
        {"text": "a", "label": 1, "split": "train", "topic": "x", "meta": {"k": "v"}},
        {"id": "b", "text": "奥地利 🏔️", "language": "zh", "label": True},
        {"id": 7, "text": "c"},
    )
    first, second, third = read_corpus(path)
    assert (first.id, first.label, first.split, first.language) == ("1", "1", "train", "en")
    assert dict(first.meta) == {"k": "v", "topic": "x"}
    assert (second.text, second.language, second.label) == ("奥地利 🏔️", "zh", "true")
    assert (third.id, third.label, third.split) == ("7", None, None)


def test_mentions(tmp_path):
    found = {"start": 0, "end": 6, "entity": 3, "candidates": [[3, 0.9], [4, 0.1]]}
    nil = {"start": 7, "end": 9, "entity": None}
    doc = read_corpus(written(tmp_path, {"text": "Vienna is", "mentions": [found, nil]}))[0]
    assert doc.mentions == (
        Mention(Span(0, 6), 3, (Candidate(3, 0.9), Candidate(4, 0.1))),
        Mention(Span(7, 9), None),
    )


@pytest.mark.parametrize("wrong", [{"entity": 2}, {"entity": None, "candidates": [[2, 0.5]]}])
def test_mentions_of_another_graph_are_refused_where_the_graph_is_told(tmp_path, wrong):
    graph = Graph.from_triples([("tea", "is a", "drink")])
    said = [{"start": 0, "end": 3, "entity": 1}, {"start": 4, "end": 5, **wrong}]
    path = written(tmp_path, {"text": "tea 7", "mentions": said})
    assert len(Corpus.load(path)) == 1
    with pytest.raises(DataError, match=r"c.jsonl: document .1.: .* below 2, .*; got 2\."):
        Corpus.load(path, graph=graph)


def test_a_mention_may_name_an_entity_by_its_label_where_the_graph_is_told(tmp_path):
    graph = Graph.from_triples([("tea", "is a", "drink"), ("7", "is a", "number")])
    named = {"start": 0, "end": 3, "entity": "tea", "candidates": [["tea", 0.9], [1, 0.1]]}
    digit = {"start": 4, "end": 5, "entity": "7"}
    other = {"start": 6, "end": 8, "entity": 3}
    path = written(tmp_path, {"text": "tea 7 is", "mentions": [named, digit, other]})
    (doc,) = Corpus.load(path, graph=graph)
    assert doc.mentions[0] == Mention(Span(0, 3), 0, (Candidate(0, 0.9), Candidate(1, 0.1)))
    assert [mention.entity for mention in doc.mentions] == [0, graph.entities.id("7"), 3]
    wrong = written(tmp_path, {"text": "tea", "mentions": [{**named, "entity": "teaa"}]})
    with pytest.raises(DataError) as error:
        Corpus.load(wrong, graph=graph)
    assert str(error.value).startswith(
        f"{wrong}:1: entity must be one of the 4 known; got 'teaa'. Did you mean 'tea'? Fix the"
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"text": "a", "label": NaN}', "expected a text or a whole number as label, found NaN"),
        ('{"text": "a", "label": "nan"}', "label, found NaN"),
        ('{"text": "a", "label": null}', "label, found null; leave the label out"),
        ('{"text": "a", "label": ""}', "label, found ''"),
        ('{"text": "a", "label": 0.5}', "label, found 0.5"),
        ('{"label": "x"}', "expected a text in 'text', found nothing"),
        ('{"text": " "}', "expected a text in 'text', found ' '"),
        ('{"text": "a", "id": "1"}', "expected an id of its own, found '1' as in line 1"),
        ('{"text": "a", "split": 3}', "expected a text in 'split', found 3"),
        ('{"text": "a", "meta": 3}', "expected an object in 'meta', found 3"),
        ('{"text": "a", "mentions": [{"start": 0}]}', "expected mentions with start, end and"),
        (
            '{"text": "a", "mentions": [{"start": 0, "end": 9, "entity": 1}]}',
            "mentions must lie inside the 1 characters",
        ),
        (
            '{"text": "a", "mentions": [{"start": 0, "end": 1, "entity": [2]}]}',
            "(an id, a label or null)",
        ),
        (
            '{"text": "a", "mentions": [{"start": 0, "end": 1, "entity": "x"}]}',
            "found the label 'x'; pass Corpus.load graph=..., or write what graph.entities.get('x",
        ),
        ("oops", "expected a JSON object, found 'oops'"),
    ],
)
def test_bad_lines(tmp_path, line, problem):
    path = written(tmp_path, '{"text": "first"}', line, '{"text": "last"}')
    with pytest.raises(DataError) as error:
        read_corpus(path)
    assert str(error.value).startswith(f"{path}:2: ")
    assert problem in str(error.value)
    assert "--on-bad-line skip (in a recipe, data.on_bad_line)." in str(error.value)
    kept = read_corpus(path, on_bad_line="skip")
    assert [doc.text for doc in kept] == ["first", "last"]


def test_csv(tmp_path):
    path = written(
        tmp_path, "Text,Label,topic,split", '"a, ""b""\nc",yes,x,train', "d,no,,", name="c.csv"
    )
    first, second = read_corpus(path)
    assert (first.text, first.label, first.split) == ('a, "b"\nc', "yes", "train")
    assert dict(first.meta) == {"topic": "x"}
    assert (second.id, second.split, dict(second.meta)) == ("4", None, {"topic": ""})


@pytest.mark.parametrize("label", ["nan", "NaN", " "])
def test_csv_label_that_was_lost(tmp_path, label):
    path = written(tmp_path, "text,label", "a,yes", f"b,{label}", name="c.csv")
    with pytest.raises(DataError, match=r"c.csv:3: expected a text or a whole number as label"):
        read_corpus(path)
    assert len(read_corpus(path, on_bad_line="skip")) == 1


def test_an_empty_cell_of_a_csv_is_no_label(tmp_path):
    path = written(tmp_path, "text,label", "a,yes", "b,", name="c.csv")
    assert [doc.label for doc in read_corpus(path)] == ["yes", None]


def test_splits_of_other_usual_names_are_valid(tmp_path):
    said = ["train", "validation", "dev", "Val", "held out", ""]
    wanted = ["train", "valid", "valid", "valid", "held out", None]
    rows = [f"{i},{x}" for i, x in enumerate(said)]
    table = written(tmp_path, "text,split", *rows, name="c.csv")
    assert [doc.split for doc in read_corpus(table)] == wanted
    records = written(tmp_path, *({"text": "a", "split": x} for x in said))
    assert [doc.split for doc in read_corpus(records)] == wanted


def test_csv_without_text_column(tmp_path):
    path = written(tmp_path, "sentence,label", "a,b", name="c.csv")
    with pytest.raises(DataError, match=r"c.csv:1: expected a header with a column 'text'"):
        read_corpus(path)


def test_csv_row_of_other_width(tmp_path):
    path = written(tmp_path, "text,label", "a,b,c", name="c.csv")
    with pytest.raises(DataError, match=r"c.csv:2: expected 2 fields, found 3"):
        read_corpus(path)


def test_folder(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.txt").write_text("zwei", encoding="utf-8")
    (tmp_path / "a.txt").write_text("\ufeffeins", encoding="utf-8")
    (tmp_path / "x.md").write_text("no")
    assert [(d.id, d.text) for d in read_corpus(tmp_path)] == [("a", "eins"), ("b/two", "zwei")]
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "latin.txt").write_bytes(b"one\nK\xf6ln")
    with pytest.raises(DataError, match=r"empty.txt:1: expected text, found an empty file"):
        read_corpus(tmp_path)
    (tmp_path / "empty.txt").unlink()
    with pytest.raises(DataError, match=r"latin.txt:2: expected UTF-8 text, found the byte 0xf6"):
        read_corpus(tmp_path)
    assert len(read_corpus(tmp_path, on_bad_line="skip")) == 2


def test_folder_without_texts(tmp_path):
    with pytest.raises(DataError, match=r"must hold \.txt files, found none"):
        read_corpus(tmp_path)


def test_a_million_characters(tmp_path):
    path = written(tmp_path, {"text": "Wien " * 200_000})
    assert len(read_corpus(path)[0].text) == 1_000_000
