"""Self-contained HTML reports: from sections of text, tables and figures to one file."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table as RichTable

from lichen.base.errors import DataError
from lichen.base.extras import need

WHY = "an HTML report"
Tone = Literal["good", "bad", "plain"]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of text under a header; columns of numbers are set to the right.

    Raises:
        DataError: a row has more or fewer cells than the header.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        """Refuse rows that do not fit the header."""
        for row in self.rows:
            if len(row) != len(self.header):
                raise DataError(
                    f"report table: a row must have {len(self.header)} cells; got {row!r}."
                )

    def is_number(self, column: int) -> bool:
        """Say whether every cell of a column starts like a number or is a dash."""
        cells = [row[column].lstrip("+-−<≥ ") for row in self.rows]
        return bool(cells) and all(c == "" or c == "–" or c[0].isdigit() for c in cells)

    def text(self, title: str, *, width: int = 100) -> str:
        """Return the table as plain text under a title.

        Args:
            title: the line above.
            width: characters to a line.
        """
        out = io.StringIO()
        drawn = RichTable(title=title, title_justify="left", box=None, pad_edge=False)
        for i, name in enumerate(self.header):
            drawn.add_column(name, justify="right" if self.is_number(i) else "left")
        for row in self.rows:
            drawn.add_row(*row)
        Console(file=out, width=width, color_system=None).print(drawn)
        return "\n".join(line.rstrip() for line in out.getvalue().rstrip().splitlines())

    @classmethod
    def of_settings(cls, settings: Mapping[str, object]) -> Table:
        """Return a two-column table of names and values.

        Args:
            settings: what to show, in order.

        Returns:
            The table.
        """
        rows = tuple((str(key), str(value)) for key, value in settings.items())
        return cls(header=("setting", "value"), rows=rows)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a report; what is absent is not shown."""

    title: str
    text: str = ""
    items: tuple[str, ...] = ()
    """Bullet points below the text."""
    table: Table | None = None
    figure: str = ""
    """An `<svg>` element, such as `lichen.evaluation.figures` draws."""
    caption: str = ""
    """Says what the figure shows, below it."""
    is_folded: bool = False
    """Shown closed at first, to be opened by the reader."""


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One figure shown large at the top of a report."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report: a title, one sentence that says the result, then sections in order."""

    title: str
    headline: str
    tone: Tone = "plain"
    """Colours the headline: a gain, a loss, or neither."""
    tiles: tuple[Tile, ...] = ()
    sections: tuple[Section, ...] = ()
    footer: str = ""

    def to_html(self) -> str:
        """Draw the page.

        Returns:
            One HTML document without scripts, links or other files.

        Raises:
            MissingExtraError: jinja2 is not installed.
        """
        jinja2 = need("jinja2", extra="report", why=WHY)
        template = Path(__file__).with_name("report.html").read_text(encoding="utf-8")
        environment = jinja2.Environment(
            autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
        )
        return str(environment.from_string(template).render(report=self))

    def save(self, path: str | Path) -> Path:
        """Write the page, making its folder when absent.

        Args:
            path: where, such as "runs/first/uplift.html".

        Returns:
            The path written.
        """
        file = Path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.to_html(), encoding="utf-8")
        return file

    def extended(self, *sections: Section) -> Report:
        """Return the report with further sections after its own.

        Args:
            *sections: what to add, in order.

        Returns:
            A new report.

        >>> first = Report(title="t", headline="h")
        >>> [s.title for s in first.extended(Section(title="Questions")).sections]
        ['Questions']
        """
        return replace(self, sections=(*self.sections, *sections))
