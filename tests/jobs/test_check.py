"""The look at data before training."""

import pytest

from lichen.base.errors import DataError
from lichen.jobs.check import check


def test_good_data_has_no_problems(tmp_path):
    (tmp_path / "facts.tsv").write_text("a\tr\tb\n")
    report = check(tmp_path / "facts.tsv")
    assert report.problems == ()
    assert report.reading.num_lines == 1


def test_a_corpus_is_looked_at_for_the_same_text_in_train_and_test(tmp_path):
    (tmp_path / "facts.tsv").write_text("a\tr\tb\n")
    rows = [f'{{"text": "the same", "label": "x", "split": "{s}"}}' for s in ("train", "test")]
    (tmp_path / "texts.jsonl").write_text("\n".join(rows) + "\n")
    report = check(tmp_path / "facts.tsv", tmp_path / "texts.jsonl")
    assert any("test text is a training text: 1 of 1" in p for p in report.problems)


def test_mentions_may_name_entities_of_the_graph_by_label(tmp_path):
    (tmp_path / "facts.tsv").write_text("tea\tis a\tdrink\n")
    lines = [
        f'{{"text": "tea", "mentions": [{{"start": 0, "end": 3, "entity": "{x}"}}]}}\n'
        for x in ("tea", "teaa")
    ]
    (tmp_path / "texts.jsonl").write_text("".join(lines))
    report = check(tmp_path / "facts.tsv", tmp_path / "texts.jsonl")
    assert [m.entity for doc in report.corpus for m in doc.mentions] == [0]
    (tmp_path / "texts.jsonl").write_text(lines[1])
    with pytest.raises(DataError, match=r"jsonl:1: entity must be .* Did you mean 'tea'\? Check"):
        check(tmp_path / "facts.tsv", tmp_path / "texts.jsonl")


def test_entities_that_training_lacks_are_counted(tmp_path):
    (tmp_path / "train.tsv").write_text("a\tr\tb\n")
    (tmp_path / "test.tsv").write_text("a\tr\tz\na\ts\tb\n")
    (problem,) = (p for p in check(tmp_path).problems if "never occur" in p)
    assert problem == (
        "split test: 1 entities and 1 relations never occur in training; 2 facts have one"
    )


def test_self_loops_and_empty_splits_are_told(tmp_path):
    (tmp_path / "train.tsv").write_text("a\tr\tb\nb\tr\tb\n")
    for split in ("valid", "test"):
        (tmp_path / f"{split}.tsv").touch()
    assert check(tmp_path).problems == (
        "1 facts are self-loops: their head is their tail",
        "split valid: holds no fact",
        "split test: holds no fact",
    )


def test_nothing_there_is_an_error(tmp_path):
    with pytest.raises(DataError, match="absent"):
        check(tmp_path / "absent.tsv")


def test_splits_that_nothing_reads_are_named(tmp_path):
    (tmp_path / "facts.tsv").write_text("a\tr\tb\n")
    rows = ["text,split", "a,train", "b,dev", "c,held out", "d,held out", "e,"]
    (tmp_path / "texts.csv").write_text("\n".join(rows) + "\n")
    assert check(tmp_path / "facts.tsv", tmp_path / "texts.csv").problems == (
        "split held out: nothing reads its 2 documents; the splits are train, valid and test",
    )


def test_labels_that_training_lacks_are_named(tmp_path):
    (tmp_path / "facts.tsv").write_text("a\tr\tb\n")
    said = [("train", "x"), ("train", "y"), ("valid", "z"), ("test", "z"), ("test", "z")]
    rows = [f'{{"text": "{i}", "label": "{x}", "split": "{s}"}}' for i, (s, x) in enumerate(said)]
    (tmp_path / "texts.jsonl").write_text("\n".join(rows) + "\n")
    assert check(tmp_path / "facts.tsv", tmp_path / "texts.jsonl").problems == (
        "split test: label 'z' never occurs in training; 2 documents have it",
        "split valid: label 'z' never occurs in training; 1 documents have it",
    )
