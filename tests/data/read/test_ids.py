import gzip

import pytest

from lichen.base.errors import DataError
from lichen.data.read import read_graph, scan_graph


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "entity2id.txt").write_text("3\nthe Alps\t2\nVienna 0\nAustria\t1\n")
    (tmp_path / "relation2id.txt").write_text("2\nr1\t0\nr2\t1\n")
    (tmp_path / "train2id.txt").write_text("2\n0 1 0\n0 2 1\n")
    (tmp_path / "test2id.txt.gz").write_bytes(gzip.compress(b"1\n1 2 1\n"))
    return tmp_path


def test_ids_are_kept_and_the_tail_stands_second(folder):
    graph = read_graph(folder)
    assert graph.entities.labels == ("Vienna", "Austria", "the Alps")
    assert graph.relations.labels == ("r1", "r2")
    assert graph.split("train").tolist() == [[0, 0, 1], [0, 1, 2]]
    assert graph.split("test").tolist() == [[1, 1, 2]]
    assert "valid" not in graph.splits


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("train2id.txt", "2\n0 1 0\n0 9 1\n", "train2id.txt:3: expected ids that entity2id.txt"),
        ("train2id.txt", "2\n0 1 0\n0 -1 1\n", "train2id.txt:3: expected ids that"),
        ("train2id.txt", "3\n0 1 0\n", "train2id.txt:2: expected 3 lines as line 1 says, found 1"),
        ("train2id.txt", "1\n0 1\n", r"train2id.txt:2: expected 3 fields .* found 2"),
        ("relation2id.txt", "x\nr1 0\nr2 1\n", "relation2id.txt:1: expected the number of lines"),
        ("entity2id.txt", "1\nVienna\tx\n", "entity2id.txt:2: expected a whole number as id"),
        ("entity2id.txt", "2\na\t0\na\t1\n", "entity2id.txt:3: expected each label and id once"),
    ],
)
def test_bad_lines(folder, name, text, problem):
    (folder / name).write_text(text)
    with pytest.raises(DataError, match=problem):
        read_graph(folder)


def test_skip_keeps_good_lines(folder):
    (folder / "train2id.txt").write_text("3\n0 1 0\n0 9 1\n1 2 0\n")
    graph, report = scan_graph(folder)
    assert graph.split("train").tolist() == [[0, 0, 1], [1, 0, 2]]
    assert report.num_bad == 1


def test_missing_id_file(folder):
    (folder / "relation2id.txt").unlink()
    with pytest.raises(DataError, match=r"relation2id.txt: must be a readable file"):
        read_graph(folder)
