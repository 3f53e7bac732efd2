"""Reports: one self-contained page from sections of data."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from lichen.base.errors import DataError
from lichen.evaluation.figures import Bar, bars
from lichen.evaluation.report import Report, Section, Table, Tile

VOID = {"meta", "br", "path", "use", "rect"}


class Balance(HTMLParser):
    """Checks that every tag is closed in order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, _attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture
def report():
    return Report(
        title="A title",
        headline="It works & well",
        tone="good",
        tiles=(Tile(label="hits", value="91%", note="of 10"),),
        sections=(
            Section(
                title="First",
                text="Some text.",
                items=("one", "two <three>"),
                table=Table(header=("name", "n"), rows=(("a", "1,200"), ("b", "–"))),
                figure=bars([Bar(name="x", value=3.0)], unit="points"),
                caption="What is seen",
            ),
            Section(title="Hidden", text="More.", is_folded=True),
        ),
        footer="The end.",
    )


def test_page_holds_everything_once(report):
    page = report.to_html()
    for part in (
        "<title>A title", "It works &amp; well", "headline good", "91%", "of 10",
        "two &lt;three&gt;", "What is seen", "<summary>Hidden</summary>", "The end.",
    ):  # fmt: skip
        assert page.count(part) == 1, part
    assert '<td class="number">1,200</td>' in page
    assert "<td>a</td>" in page
    assert page.count("<svg") == page.count("</svg>") == 1


def test_page_is_balanced_and_self_contained(report):
    page = report.to_html()
    parser = Balance()
    parser.feed(page)
    assert parser.open == []
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(link.startswith("#") for link in links)
    assert "prefers-color-scheme: dark" in page
    assert "{{" not in page
    assert "{%" not in page


def test_empty_parts_are_left_out():
    page = Report(title="t", headline="h").to_html()
    for tag in ("<section", "<table", "<figure", "<footer", 'class="tiles"'):
        assert tag not in page


def test_extended_and_saved(report, tmp_path):
    questions = Section(title="Questions", table=Table.of_settings({"hits": 0.9, "hops": 2}))
    path = report.extended(questions).save(tmp_path / "new" / "r.html")
    page = path.read_text(encoding="utf-8")
    assert page.index("Hidden") < page.index("Questions")
    assert "<td>hops</td>" in page
    assert len(report.sections) == 2


def test_a_row_that_does_not_fit_is_refused():
    with pytest.raises(DataError, match="must have 2 cells"):
        Table(header=("a", "b"), rows=(("1",),))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("1", "2.5"), True),
        (("+3.1", "−0.2"), True),
        (("< 0.001", "–"), True),
        (("1", "x"), False),
        ((), False),
    ],
)
def test_number_columns(cells, expected):
    table = Table(header=("a",), rows=tuple((c,) for c in cells))
    assert table.is_number(0) is expected
