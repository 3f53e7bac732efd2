"""Lines of a text file, plain or gzipped, with their numbers; bad ones stop or are counted."""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lichen.base.errors import DataError

OnBadLine = Literal["raise", "skip"]

log = logging.getLogger(__name__)

SHOWN = 60
"""Characters of a bad line that a message repeats."""


def shown(text: str) -> str:
    """Return a text as a message shows it: quoted, and cut when it is long.

    >>> shown("a" * 100)[-8:]
    "aaaa...'"
    """
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 3] + "...")


@dataclass
class BadLines:
    """What to do with lines that do not hold what the format promises, and how many came.

    >>> bad = BadLines("skip")
    >>> bad.found("kg.tsv", 4, "expected 3 fields, found 2")
    >>> bad.num_bad, bad.first
    (1, 'kg.tsv:4: expected 3 fields, found 2.')
    """

    on_bad_line: OnBadLine = "raise"
    num_lines: int = 0
    """Lines or records read, bad ones included."""
    num_bad: int = 0
    first: str | None = None
    """Where the first bad line stands and what is wrong with it."""

    def __post_init__(self) -> None:
        """Refuse a policy that does not exist."""
        if self.on_bad_line not in ("raise", "skip"):
            raise DataError(f"on_bad_line must be one of raise, skip; got {self.on_bad_line!r}.")

    def found(self, path: str | Path, line: int, problem: str) -> None:
        """Stop at a bad line, or count it.

        Args:
            path: the file.
            line: the line's number, from 1.
            problem: what was expected and what was found.

        Raises:
            DataError: bad lines are not to be skipped.
        """
        where = f"{path}:{line}: {problem}{'' if problem.endswith('?') else '.'}"
        if self.on_bad_line == "raise":
            raise DataError(
                f"{where} Fix the line, or pass --on-bad-line skip (in a recipe, data.on_bad_line)."
            )
        self.num_bad += 1
        self.first = self.first or where

    def summarise(self, source: str | Path) -> None:
        """Log one line when something was skipped."""
        if self.num_bad:
            log.warning(
                "%s: skipped %d bad of %d lines; the first: %s",
                source,
                self.num_bad,
                self.num_lines,
                self.first,
            )


def raw_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file, `.gz` unpacked, line ends kept.

    Raises:
        DataError: the file cannot be opened, or a gzip file is cut off or damaged.
    """
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for line in file:
                number += 1
                yield line
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path}:{number + 1}: expected a whole gzip file, found one that is cut off or "
            f"damaged after {number} lines ({error}). Get or write the file again."
        ) from None
    except OSError as error:
        raise DataError(
            f"{path}: must be a readable file; {error.strerror or error}. Check the path."
        ) from None


def text_lines(path: Path, bad: BadLines, *, keep_ends: bool = False) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, text without its line end) for each line of a file that is not blank.

    Args:
        path: a UTF-8 file, `.gz` allowed.
        bad: told of lines that are not UTF-8.
        keep_ends: yield line ends too, and blank lines, which a quoted field may hold.

    Returns:
        Numbers and texts, as `decoded_lines` yields them.

    Raises:
        DataError: the file cannot be read, or holds a bad line and `bad` says raise.
    """
    return decoded_lines(path, enumerate(raw_lines(path), start=1), bad, keep_ends=keep_ends)


def decoded_lines(
    path: Path, lines: Iterable[tuple[int, bytes]], bad: BadLines, *, keep_ends: bool = False
) -> Iterator[tuple[int, str]]:
    """Yield (number, text without its line end) for each line that is not blank.

    Only a line feed ends a line, so that rarer separators stay inside labels; a carriage
    return before it and a byte order mark at the start are dropped.

    Args:
        path: the file, for messages.
        lines: numbers from 1 and lines, line ends kept.
        bad: told of lines that are not UTF-8.
        keep_ends: yield line ends too, and blank lines, which a quoted field may hold.

    Yields:
        The number and the text of a line.

    Raises:
        DataError: a line is bad and `bad` says raise.
    """
    for number, raw in lines:
        line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            bad.num_lines += 1
            bad.found(
                path,
                number,
                f"expected UTF-8 text, found the byte 0x{line[error.start]:02x} "
                f"at position {error.start + 1}",
            )
            continue
        is_blank = not text.strip()
        bad.num_lines += not is_blank
        if keep_ends or not is_blank:
            yield number, text if keep_ends else text.removesuffix("\n").removesuffix("\r")


def whole_text(path: Path) -> str:
    """Return the text of a small UTF-8 file, `.gz` unpacked.

    Raises:
        DataError: it cannot be read or is not UTF-8; the message gives the line.
    """
    data = b"".join(raw_lines(path))
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}:{line}: expected UTF-8 text, found the byte 0x{data[error.start]:02x}. "
            "Save the file as UTF-8."
        ) from None


def plain_suffix(path: Path) -> str:
    """Return the suffix that tells the format, in lower case, `.gz` set aside.

    >>> plain_suffix(Path("kg/facts.TTL.gz"))
    '.ttl'
    """
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()
