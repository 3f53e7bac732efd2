"""The command as a whole: verbs, exit codes, one-line errors."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from lichen.cli.main import app

VERBS = [command.name for command in app.registered_commands]


def test_the_verbs_are_there():
    assert VERBS[:3] == ["quickstart", "check", "import"]
    assert {"link", "embed", "train", "uplift", "ask", "explain", "ls", "env"} <= set(VERBS)


def shell(*arguments, cwd=None):
    code = "from lichen.cli.main import run; run()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb):
    done = CliRunner().invoke(app, [verb, "--help"])
    assert done.exit_code == 0
    assert "--json" in done.output


def test_an_error_is_one_line_and_exit_code_1(tmp_path):
    done = shell("check", "absent.tsv", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("lichen: absent.tsv")
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "asked",
    [
        ["embed", "facts.tsv", "--out"],
        ["link", "texts.csv", "--out"],
        ["train", "texts.csv", "--graph", "facts.tsv", "--out"],
        ["quickstart", "--out"],
        ["uplift", "runs/first", "texts.csv", "--graph", "facts.tsv", "--html"],
    ],
)
def test_an_empty_place_to_write_to_is_refused_before_anything_is_read(tmp_path, asked):
    done = shell(*asked, "", cwd=tmp_path)
    assert done.returncode == 1
    said = f"lichen: {asked[-1]} must be a path; got ''. Name one, or leave it out.\n"
    assert done.stderr == said
    assert not list(tmp_path.iterdir())


def test_debug_shows_the_traceback(tmp_path):
    done = shell("--debug", "check", "absent.tsv", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_wrong_usage_is_exit_code_2():
    assert shell("no-such-verb").returncode == 2
