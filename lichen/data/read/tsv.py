"""Tab-separated triples, with or without a header, into a growing graph.

Lines are read in blocks. A block in which every line has the right number of fields, which is all
of nearly every file, is split and numbered as a whole; any other is gone through line by line, so
that a bad line is named exactly.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count, islice
from pathlib import Path

import numpy as np

from lichen.data.builder import GraphBuilder
from lichen.data.read.columns import (
    DEFAULT,
    SOON,
    Columns,
    first_header,
    given_columns,
    order_warning,
)
from lichen.data.read.lines import BadLines, decoded_lines, raw_lines
from lichen.data.read.packed import Octets, PackedLabels, Places

log = logging.getLogger(__name__)

SAMPLED = 2000
"""Rows looked at to see whether the columns stand in the expected order."""

BLOCK = 1 << 17
"""Lines read at a time: some megabytes."""


def read_tsv(
    path: Path,
    builder: GraphBuilder,
    bad: BadLines,
    *,
    split: str | None = None,
    columns: Sequence[str] | None = None,
    is_shared: bool = False,
) -> None:
    """Read facts from a file of one fact a line.

    The first line is a header when it names head, relation and tail, or subject, predicate and
    object; of h, r, t the lines below decide (see `first_header`). A file without tabs whose
    first line has as many words as there are columns is read as separated by white space.

    Args:
        path: the file.
        builder: gets the facts.
        bad: told of bad lines.
        split: the split its facts belong to.
        columns: the order of the columns of a file without a header.
        is_shared: whether another file of the folder has the same first line.

    Raises:
        DataError: the file cannot be read, or holds a bad line and `bad` says raise.
    """
    raw, numbers = raw_lines(path), count(1)
    first = next(decoded_lines(path, zip(numbers, raw, strict=False), bad), None)
    if first is None:
        return
    separator: str | None = "\t"
    wanted = given_columns(columns)
    if "\t" not in first[1] and len(first[1].split()) == len(wanted.names):
        separator = None
    soon = list(islice(raw, SOON))
    raw = chain(soon, raw)
    rows = (line.decode(errors="replace").rstrip("\r\n").split(separator) for line in soon)
    is_told = columns is not None
    fields = first[1].split(separator)
    header = first_header(path, fields, rows, is_told=is_told, is_shared=is_shared)
    table = _Table(path, header or wanted, separator, bad)
    start = first[0] + 1
    if set(table.wanted.places) - set(DEFAULT):
        lines = decoded_lines(path, zip(count(start), raw, strict=False), bad)
        for fields in table.good_rows(lines if header else chain([first], lines)):
            table.wanted.add(fields, builder, split=split)
        return
    table.read_blocks([] if header else [first], raw, builder, start=start, split=split)
    sample = table.sample if header is None and columns is None else []
    warning = order_warning(path, sample) if sample else None
    if warning:
        log.warning("%s", warning)


class _Table:
    """How to take the lines of one file apart.

    Args:
        path: the file, for messages.
        wanted: its columns.
        separator: what stands between fields; None is any white space.
        bad: told of bad lines.
    """

    def __init__(self, path: Path, wanted: Columns, separator: str | None, bad: BadLines) -> None:
        self.path, self.wanted, self.bad = path, wanted, bad
        self.separator = separator
        self.sample: list[tuple[str, str, str]] = []
        """The first good rows: head, relation, tail."""
        self._places = [wanted.places[part] for part in DEFAULT]

    def read_blocks(
        self,
        first: list[tuple[int, str]],
        raw: Iterator[bytes],
        builder: GraphBuilder,
        *,
        start: int,
        split: str | None,
    ) -> None:
        """Add the facts of a line already read and of all others, by block.

        Args:
            first: the number and the text of the line already read, or nothing.
            raw: the other lines.
            builder: gets the facts.
            start: the number of the first of them.
            split: the split of the facts.
        """
        entities, relations = PackedLabels(builder.entity_ids), PackedLabels(builder.relation_ids)
        self._one_by_one(first, builder, split)
        while block := list(islice(raw, BLOCK)):
            fields = self._fields(block) if self.separator else None
            if fields is None:
                numbered = zip(count(start), block, strict=False)
                self._one_by_one(decoded_lines(self.path, numbered, self.bad), builder, split)
            else:
                self.bad.num_lines += len(block)
                octets, starts, ends = fields
                facts = np.empty((len(block), 3), dtype=np.int32)
                sides = entities.ids(octets, starts[:, ::2].ravel(), ends[:, ::2].ravel())
                facts[:, ::2] = sides.reshape(-1, 2)
                facts[:, 1] = relations.ids(octets, starts[:, 1], ends[:, 1])
                builder.add_rows(facts, split=split)
                few = SAMPLED - len(self.sample)
                labels = octets.texts(starts[:few].ravel(), ends[:few].ravel())
                self.sample += zip(labels[::3], labels[1::3], labels[2::3], strict=True)
            start += len(block)

    def good_rows(self, lines: Iterable[tuple[int, str]]) -> Iterator[list[str]]:
        """Yield the fields of lines, bad ones reported."""
        separated = "tab-separated" if self.separator else "space-separated"
        for number, line in lines:
            fields = line.split(self.separator)
            problem = self.wanted.problem(fields, separated=separated)
            if problem:
                self.bad.found(self.path, number, problem)
            else:
                yield fields

    def _one_by_one(
        self, lines: Iterable[tuple[int, str]], builder: GraphBuilder, split: str | None
    ) -> None:
        rows = list(self.good_rows(lines))
        h, r, t = ([row[place] for row in rows] for place in self._places)
        builder.add_facts(h, r, t, split=split)
        self.sample += islice(zip(h, r, t, strict=True), SAMPLED - len(self.sample))

    def _fields(self, block: list[bytes]) -> tuple[Octets, Places, Places] | None:
        """Return where the fields of a block start and end, `(lines, 3)` head, relation, tail.

        Returns:
            None when a line in it may be bad or blank.
        """
        width = len(self.wanted.names)
        data = b"".join(block).replace(b"\r\n", b"\n")
        if not data.endswith(b"\n"):
            data = data.removesuffix(b"\r") + b"\n"
        octets = np.frombuffer(data, dtype=np.uint8)
        ends = np.flatnonzero((octets == ord("\t")) | (octets == ord("\n")))
        pattern = np.array([ord("\t")] * (width - 1) + [ord("\n")], dtype=np.uint8)
        if len(ends) != width * len(block) or (octets[ends].reshape(-1, width) != pattern).any():
            return None
        starts = np.concatenate([[0], ends[:-1] + 1])
        firsts = octets[starts]
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return None
        may_be_blank = ((firsts <= ord(" ")) | (firsts >= 0x80)).any()
        if may_be_blank and not all(map(str.strip, text[:-1].replace("\n", "\t").split("\t"))):
            return None
        places = self._places
        starts, ends = starts.reshape(-1, width)[:, places], ends.reshape(-1, width)[:, places]
        return Octets(data), starts, ends
