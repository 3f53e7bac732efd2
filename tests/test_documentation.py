"""The code in the README and the documentation runs; the commands it shows exist."""

import re
from pathlib import Path

import pytest

from lichen.cli.main import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
VERBS = {c.name or c.callback.__name__.rstrip("_") for c in app.registered_commands}
NUMBER = re.compile(r"[+−-]?\d[\d,]*(?:\.\d+)?")
BLOCK = re.compile(r"^```python\n(.*?)^```(?:\n+```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL)


def name_of(page):
    return str(page.relative_to(ROOT))


# PyTorch Geometric and PyKEEN call it as they are imported
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
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
            assert_alike(printed, shown)


def assert_alike(printed, shown):
    """Words must be equal; figures near, since seconds and last digits differ by machine."""
    assert NUMBER.sub("#", " ".join(printed.split())) == NUMBER.sub("#", " ".join(shown.split()))
    for one, other in zip(figures(printed), figures(shown), strict=True):
        assert one == pytest.approx(other, rel=0.5, abs=5)


def figures(text):
    return [float(n.replace(",", "").replace("−", "-")) for n in NUMBER.findall(text)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_commands_on_a_page_exist(page):
    used = set(re.findall(r"^\$ lichen ([a-z]+)", page.read_text(), re.MULTILINE))
    assert used <= VERBS


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_links_on_a_page_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target
