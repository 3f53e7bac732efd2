"""A file into a store in one transaction: facts added, taken back or replaced, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from lichen.base.errors import DataError
from lichen.data.graph import Graph, Source
from lichen.data.read import OnBadLine, read_graph, scan_graph
from lichen.data.read.folder import RECORDS, TABLES
from lichen.data.read.lines import BadLines, plain_suffix
from lichen.store import schema
from lichen.store.bulk import add_graph
from lichen.store.claims import FACT, Claim, as_source
from lichen.store.rows import Row, record_graph, record_rows, table_rows
from lichen.store.store import Store
from lichen.store.writer import Writer


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did."""

    new: int
    """Facts and literals that the store did not have."""
    known: int
    """Those it had, which may have gained a supporting source."""
    retracted: int
    """Facts taken back, by a row that says so or by a replacement."""
    bad: int
    """Lines skipped because they did not hold what the format promises."""
    first_bad: str | None
    """Where the first of them stands and what is wrong with it; None without one."""
    version: int
    """The store's version afterwards."""


@dataclass
class _Tally:
    new: int = 0
    known: int = 0
    retracted: int = 0


def import_file(
    store: Store,
    path: str | Path,
    *,
    on_bad_line: OnBadLine = "raise",
    source: Source | tuple[str, str] | None = None,
    columns: Sequence[str] | None = None,
) -> ImportReport:
    """Import a graph file into a store: all of it, or after an error nothing.

    Tables and JSON lines may say `action` (add, retract, replace), `confidence`, `valid_from`
    and `valid_to` for each fact. A fact without a source of its own gets `source`, or else
    "<file name>:<line>".

    Args:
        store: where to.
        path: "atlas", or a file or folder that `Graph.load` reads.
        on_bad_line: "raise" stops at the first bad line; "skip" drops and counts them.
        source: (address, text) for all facts that name none.
        columns: the order of the columns of tables without a header, as for `Graph.load`.

    Returns:
        How many facts were new, known, retracted and bad.

    Raises:
        DataError: the file cannot be read, a line is bad, or a fact to retract is not there.
    """
    place, suffix = Path(path), plain_suffix(Path(path))
    if place.is_file() and suffix in (*TABLES, *RECORDS):
        bad = BadLines(on_bad_line)
        is_table = suffix in TABLES
        rows = table_rows(place, bad, columns=columns) if is_table else record_rows(place, bad)
        graph = None if is_table else record_graph(place, bad)
        return _import_rows(store, place, bad, as_source(source), rows=rows, graph=graph)
    if path == "atlas":
        graph, num_bad, first_bad = read_graph("atlas"), 0, None
    else:
        graph, report = scan_graph(place, on_bad_line=on_bad_line, columns=columns)
        num_bad, first_bad = report.num_bad, report.first_bad
    with store.transaction() as writer:
        counts = add_graph(writer, graph, as_source(source) or (place.name, ""))
    new = counts.facts + counts.literals
    return ImportReport(
        new=new,
        known=graph.num_facts + len(graph.literals) - new,
        retracted=0,
        bad=num_bad,
        first_bad=first_bad,
        version=store.version,
    )


def _import_rows(
    store: Store,
    path: Path,
    bad: BadLines,
    source: tuple[str, str] | None,
    *,
    rows: Iterable[Row],
    graph: Graph | None,
) -> ImportReport:
    tally = _Tally()
    with store.transaction() as writer:
        if graph is not None:
            counts = add_graph(writer, graph, source or (path.name, ""))
            tally.new += counts.literals
            tally.known += len(graph.literals) - counts.literals
        _write(writer, rows, path, bad, source, tally)
    bad.summarise(path)
    return ImportReport(
        new=tally.new,
        known=tally.known,
        retracted=tally.retracted,
        bad=bad.num_bad,
        first_bad=bad.first,
        version=store.version,
    )


def _write(
    writer: Writer,
    rows: Iterable[Row],
    path: Path,
    bad: BadLines,
    source: tuple[str, str] | None,
    tally: _Tally,
) -> None:
    """Write rows in their order; neighbouring additions go in together."""
    waiting: list[Row] = []
    for row in rows:
        if row.action == "retract":
            _add(writer, waiting, path, source, tally)
            waiting = []
            try:
                ids = writer.rows_of(row.h, row.r, row.t)
            except DataError as error:
                bad.found(path, row.line, f"expected a fact to retract: {str(error).rstrip('.')}")
                continue
            writer.retract(FACT, ids)
            tally.retracted += 1
            continue
        if row.action == "replace":
            _add(writer, waiting, path, source, tally)
            waiting = []
            tally.retracted += _retract_others(writer, row)
        waiting.append(row)
    _add(writer, waiting, path, source, tally)


def _add(
    writer: Writer,
    rows: Sequence[Row],
    path: Path,
    source: tuple[str, str] | None,
    tally: _Tally,
) -> None:
    if not rows:
        return
    entities, _ = writer.entities([label for row in rows for label in (row.h, row.t)])
    relations, _ = writer.relations([row.r for row in rows])
    origins, _ = writer.sources([_source_of(row, path, source) for row in rows])
    claims = [
        Claim(
            (entities[row.h], relations[row.r], entities[row.t], row.valid_from, row.valid_to),
            origin,
            row.confidence,
        )
        for row, origin in zip(rows, origins, strict=True)
    ]
    num_new = writer.add(FACT, claims)
    tally.new += num_new
    tally.known += len(rows) - num_new


def _source_of(row: Row, path: Path, source: tuple[str, str] | None) -> tuple[str, str]:
    if row.address:
        return row.address, row.text
    if source is not None:
        return source[0], row.text or source[1]
    return f"{path.name}:{row.line}", row.text


def _retract_others(writer: Writer, row: Row) -> int:
    """Take back every other tail of a row's head and relation, and count them."""
    heads = writer.find(schema.entity, [row.h, row.t])
    relations = writer.find(schema.relation, [row.r])
    if row.h not in heads or row.r not in relations:
        return 0
    c = schema.fact.c
    query = select(c.id).where(
        c.head == heads[row.h],
        c.relation == relations[row.r],
        c.tail != heads.get(row.t, -1),
        c.retracted_version.is_(None),
    )
    ids = writer.connection.scalars(query).all()
    writer.retract(FACT, ids)
    return len(ids)
