"""`lichen embed`."""

import json

import pytest
import torch
from typer.testing import CliRunner

import lichen as li
from lichen.base.errors import ConfigError
from lichen.cli.main import app


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
    assert not any(name.startswith("valid_unseen") for name in found)


def test_counts_what_training_never_saw_and_self_loops(tmp_path, lichen):
    ring = [f"a{i}\tnext\ta{(i + 1) % 12}\n" for i in range(12)]
    rows = {
        "train": ring,
        "valid": ["a0\tnext\tz\n", "a0\tnew\ta2\n", "a3\tnew\ty\n", "a0\tnext\ta2\n"],
        "test": ["a0\tnext\tz\n", "a0\tfar\ta2\n", "a3\tnext\ta3\n"],
    }
    for split, lines in rows.items():
        (tmp_path / f"{split}.tsv").write_text("".join(lines))
    out = lichen("embed", tmp_path, "--dim", 8, "--epochs", 1, "--out", tmp_path / "n", "--json")
    found = json.loads(out)
    assert (found["valid_unseen"], found["valid_unseen_relation"]) == (2, 2)
    assert (found["test_unseen"], found["test_unseen_relation"], found["test_loops"]) == (1, 1, 1)


def test_counts_training_self_loops_and_duplicates(tmp_path, lichen):
    rows = ["a\tr\tb", "a\tr\tb", "b\tr\ta", "a\tr\ta", "a\tr\ta", "b\ts\tb", "a\tr\tb"]
    (tmp_path / "train.tsv").write_text("\n".join(rows) + "\n")
    (tmp_path / "test.tsv").write_text("a\tr\tb\nb\tr\tb\n")
    asked = ["--dim", 4, "--epochs", 1, "--out", tmp_path / "n", "--json"]
    found = json.loads(lichen("embed", tmp_path, *asked))
    names = ("train_facts", "train_loops", "test_loops", "duplicates", "in_two_splits")
    assert [found[name] for name in names] == [4, 2, 1, 3, 1]
    (tmp_path / "clean.tsv").write_text("a\tr\tb\nb\tr\ta\n")
    found = json.loads(lichen("embed", tmp_path / "clean.tsv", *asked))
    assert [found.get(name) for name in names] == [2, 0, None, 0, 0]


def test_an_empty_split_is_told(tmp_path):
    (tmp_path / "train.tsv").write_text("a\tr\tb\nb\tr\tc\n")
    for split in ("valid", "test"):
        (tmp_path / f"{split}.tsv").touch()
    asked = ["--dim", "4", "--epochs", "1", "--out", str(tmp_path / "n"), "--json"]
    done = CliRunner().invoke(app, ["embed", str(tmp_path), *asked])
    assert done.exit_code == 0
    assert "test_mrr" not in json.loads(done.stdout)
    assert [line for line in done.stderr.splitlines() if line.startswith("lichen:")] == [
        f"lichen: the {split} split holds no fact, so {without}."
        for split, without in (
            ("valid", "no epoch is chosen and nothing calibrated by it"),
            ("test", "nothing is ranked"),
        )
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--hold-out", "0.5"], r"^--hold-out must be between 0\.0 and 0\.495; got 0\.5\.$"),
        (["--hold-out", "-0.1"], r"^--hold-out must be between"),
        (["--out", ""], r"^--out must be a path; got ''\. Name one, or leave it out\.$"),
        (["--out", "{file}"], r"facts\.tsv: must be a folder or free; .*facts\.tsv is a file\."),
    ],
)
def test_an_option_that_cannot_be_is_named(project, tmp_path, asked, said):
    file = project / "facts.tsv"
    options = [*asked, "--epochs", "1"] + ([] if "--out" in asked else ["--out", str(tmp_path)])
    found = CliRunner().invoke(app, ["embed", str(file), *(o.format(file=file) for o in options)])
    with pytest.raises(ConfigError, match=said):
        raise found.exception
    assert file.read_text()


def test_two_processes_rank_as_one_does(tmp_path, lichen):
    ways = (("next", 1), ("far", 7))
    facts = [f"a{i}\t{way}\ta{(i + k) % 30}\n" for i in range(30) for way, k in ways]
    for name, part in (("train", facts[6:]), ("valid", facts[:3]), ("test", facts[3:6])):
        (tmp_path / f"{name}.tsv").write_text("".join(part))
    options = ["--dim", 16, "--epochs", 10, "--json"]
    found = {}
    for processes in (1, 2):
        out = tmp_path / f"nodes{processes}"
        said = lichen("embed", tmp_path, *options, "--processes", processes, "--out", out)
        found[processes] = json.loads(said) | {"vectors": li.GraphEncoder.load(out).vectors()}
    one, two = found[1], found[2]
    assert two["epochs"] == one["epochs"] == 10
    assert two["loss"] == pytest.approx(one["loss"], rel=1e-3)
    assert two["valid_mrr"] == pytest.approx(one["valid_mrr"], abs=0.05)
    assert two["test_mrr"] == pytest.approx(one["test_mrr"], abs=0.05)
    torch.testing.assert_close(two["vectors"], one["vectors"], rtol=1e-3, atol=1e-3)


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


def test_the_methods_own_settings_are_given_by_name(project, tmp_path, lichen):
    chosen = ["--method", "transe", "--setting", "norm=2", "--setting", "squared=true"]
    more = ["--setting", "reciprocal=false", "--epochs", 1, "--out", tmp_path / "n"]
    lichen("embed", project / "facts.tsv", *chosen, *more)
    encoder = li.GraphEncoder.load(tmp_path / "n")
    assert (encoder.scorer.norm, encoder.scorer.squared, encoder.reciprocal) == (2, True, False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("distance", "NAME=VALUE"),
        ("dim=4", "Give --dim instead"),
        ("distnace=squared", "rotate: a setting must be distance; got 'distnace'"),
        ("distance=sqared", "squared"),
        ("scorer=transe", "Give --method instead"),
        ("reciprocal=no", "reciprocal must be true or false; got 'no'"),
    ],
)
def test_a_setting_that_is_none_is_one_clear_line(project, tmp_path, given, said):
    asked = ["--method", "rotate", "--setting", given, "--out", str(tmp_path / "n")]
    found = CliRunner().invoke(app, ["embed", str(project / "facts.tsv"), *asked])
    assert found.exit_code != 0
    assert said in str(found.exception or found.output)


def test_a_graph_network_over_descriptions_is_trained_and_read_back(tmp_path, lichen):
    pytest.importorskip("torch_geometric", reason="the extra pyg is not installed")
    rows = [f"e{i}\tnext\te{(i + k) % 12}" for i in range(12) for k in (1, 2, 5)]
    (tmp_path / "facts.tsv").write_text("\n".join(rows) + "\n")
    options = [
        "--layers",
        "sage",
        "--described",
        "--dim",
        "8",
        "--epochs",
        "2",
        "--hold-out",
        "0.1",
    ]
    out = tmp_path / "nodes"
    found = lichen("embed", str(tmp_path / "facts.tsv"), *options, "--out", str(out), "--json")
    assert '"test_mrr"' in found
    assert type(li.GraphEncoder.load(out)).__name__ == "GraphNetwork"


def test_one_process_takes_a_gpu_where_there_is_one(project, tmp_path, lichen, monkeypatch):
    asked = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(li.GraphEncoder, "to", lambda _, place: asked.append(place))
    for processes in (1, 2):
        lichen(
            "embed", project / "facts.tsv", "--dim", 4, "--epochs", 1, "--processes", processes,
            "--out", tmp_path / str(processes),
        )  # fmt: skip
    assert asked == ["cuda"]
