"""`lichen check`."""

import json

from typer.testing import CliRunner

from lichen.cli.main import app


def test_counts_and_names_each_problem(tmp_path):
    (tmp_path / "train.tsv").write_text("a\tr\tb\na\tr\tb\nbad line\n")
    (tmp_path / "test.tsv").write_text("b\tr\ta\nz\tr\ta\n")
    done = CliRunner().invoke(app, ["check", str(tmp_path), "--json"])
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert found["facts in train"] == 1
    problems = " ".join(found["problems"])
    assert "1 of 5 lines are bad" in problems
    assert "more than once" in problems
    assert "never occur in training" in problems


def test_is_content_with_good_data(tmp_path):
    (tmp_path / "facts.tsv").write_text("a\tr\tb\nb\tr\tc\n")
    done = CliRunner().invoke(app, ["check", str(tmp_path / "facts.tsv")])
    assert done.exit_code == 0


def test_columns_say_the_order_of_a_table_without_a_header(tmp_path):
    rows = [f"r{i % 2}\ta{i}\tb{i}\n" for i in range(6)]
    (tmp_path / "facts.tsv").write_text("".join(rows))
    order = ["--columns", "relation,head,tail"]
    done = CliRunner().invoke(app, ["check", str(tmp_path / "facts.tsv"), *order, "--json"])
    found = json.loads(done.stdout)
    assert (found["entities"], found["relations"]) == (12, 2)
