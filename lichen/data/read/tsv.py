"""Tab-separated triples, with or without a header, into a growing graph."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from lichen.data.builder import GraphBuilder
from lichen.data.read.columns import given_columns, header_columns, order_warning
from lichen.data.read.lines import BadLines, text_lines

log = logging.getLogger(__name__)

SAMPLED = 2000
"""Rows looked at to see whether the columns stand in the expected order."""


def read_tsv(
    path: Path,
    builder: GraphBuilder,
    bad: BadLines,
    *,
    split: str | None = None,
    columns: Sequence[str] | None = None,
) -> None:
    """Read facts from a file of one fact a line.

    The first line is a header when it names head, relation and tail (or h, r, t; subject,
    predicate, object). A file without tabs whose first line has as many words as there are
    columns is read as separated by white space.

    Args:
        path: the file.
        builder: gets the facts.
        bad: told of bad lines.
        split: the split its facts belong to.
        columns: the order of the columns of a file without a header.

    Raises:
        DataError: the file cannot be read, or holds a bad line and `bad` says raise.
    """
    lines = text_lines(path, bad)
    first = next(lines, None)
    if first is None:
        return
    separator: str | None = "\t"
    wanted, separated = given_columns(columns), "tab-separated"
    if "\t" not in first[1] and len(first[1].split()) == len(wanted.names):
        separator, separated = None, "space-separated"
    header = header_columns(first[1].split(separator))
    wanted = header or wanted
    sample: list[tuple[str, str, str]] = []
    for number, line in lines if header else chain([first], lines):
        fields = line.split(separator)
        problem = wanted.problem(fields, separated=separated)
        if problem:
            bad.found(path, number, problem)
            continue
        wanted.add(fields, builder, split=split)
        if header is None and len(sample) < SAMPLED:
            h, r, t = (fields[wanted.places[part]] for part in ("head", "relation", "tail"))
            sample.append((h, r, t))
    warning = order_warning(path, sample) if sample and columns is None else None
    if warning:
        log.warning("%s", warning)
