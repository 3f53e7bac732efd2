"""`lichen embed`."""

import json

import lichen as li


def test_writes_vectors_that_load(project, nodes):
    encoder = li.GraphEncoder.load(nodes)
    assert encoder.dim == 16
    assert encoder.entities == li.Graph.load(project / "facts.tsv").entities


def test_ranks_the_test_split(tmp_path, lichen):
    facts = [f"a{i}\tnext\ta{(i + 1) % 12}\n" for i in range(12)]
    (tmp_path / "train.tsv").write_text("".join(facts))
    (tmp_path / "test.tsv").write_text("a0\tnext\tz\n")
    out = lichen("embed", tmp_path, "--dim", 8, "--epochs", 5, "--out", tmp_path / "n", "--json")
    found = json.loads(out)
    assert 0 < found["test_mrr"] <= 1
    assert found["test_unseen"] == 1


def test_reads_what_the_options_say(tmp_path, lichen):
    file = tmp_path / "facts.tsv"
    file.write_text("next\ta\tb\nnext\tb\tc\nbroken\nnext\tc\ta\n")
    lichen(
        "embed", file, "--columns", "relation, head, tail", "--on-bad-line", "skip",
        "--dim", 8, "--epochs", 1, "--out", tmp_path / "n",
    )  # fmt: skip
    encoder = li.GraphEncoder.load(tmp_path / "n")
    assert sorted(encoder.entities) == ["a", "b", "c"]
    assert tuple(encoder.relations) == ("next",)
