"""The code in the README and the documentation runs; the commands it shows exist."""

import re
from pathlib import Path

import pytest

from lichen.cli.main import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
VERBS = {c.name or c.callback.__name__.rstrip("_") for c in app.registered_commands}
BLOCK = re.compile(r"^```python\n(.*?)^```(?:\n+```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL)


def name_of(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [p for p in PAGES if BLOCK.search(p.read_text())], ids=name_of)
def test_the_python_on_a_page_runs_and_prints_what_the_page_says(
    page, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    scope = {"__name__": "__main__"}
    for code, shown in BLOCK.findall(page.read_text()):
        exec(compile(code, name_of(page), "exec"), scope)
        printed = capsys.readouterr().out
        if shown:
            assert settled(printed) == settled(shown)


def settled(text):
    """Blank what differs from machine to machine: seconds, and trailing spaces."""
    text = re.sub(r"\d+(\.\d+)? ?(ms|s)\b", "TIME", text)
    return [line.rstrip() for line in text.strip().splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_commands_on_a_page_exist(page):
    used = set(re.findall(r"^\$ lichen ([a-z]+)", page.read_text(), re.MULTILINE))
    assert used <= VERBS


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_links_on_a_page_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target
