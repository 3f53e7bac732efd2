"""Files and folders that appear whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

import gzip
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from lichen.base.errors import DataError

COMPRESSION = 6
"""Of gzip, 1 to 9; the highest takes twice as long for one percent."""


@contextmanager
def _refusals_explained(path: Path) -> Iterator[None]:
    """Say of a place what the machine says when it refuses to write there."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{path}: must be a place that can be written to; {error.strerror or error}. "
            "Check the folder and its space."
        ) from error


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing bytes; it takes its place when the block ends without an error.

    A name that ends in `.gz` is compressed, with no time in it, so that equal contents give
    equal files.

    Args:
        path: the place; a file there is replaced at the end.

    Yields:
        What to write to.

    Raises:
        DataError: the folder is missing or cannot be written to.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    with _refusals_explained(path):
        try:
            with draft.open("wb") as raw:
                if path.suffix == ".gz":
                    with gzip.GzipFile("", "wb", COMPRESSION, raw, mtime=0) as packed:
                        yield cast(BinaryIO, packed)
                else:
                    yield raw
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def atomic_text(path: Path) -> Iterator[TextIO]:
    r"""Open a file for writing UTF-8 text with "\n" as line end, as `atomic_file` does.

    Args:
        path: the place.

    Yields:
        What to write to.
    """
    with atomic_file(path) as raw:
        text = io.TextIOWrapper(raw, encoding="utf-8", newline="\n")
        try:
            yield text
        except UnicodeEncodeError as error:
            raise DataError(
                f"{path}: texts must be valid Unicode to be saved; got half a surrogate pair in "
                f"{error.object[error.start - 20 if error.start > 20 else 0 : error.end]!r}. "
                "Mend it first."
            ) from None
        finally:
            text.detach()


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder to fill; it takes its place when the block ends without an error.

    Args:
        path: the place; nothing, or an empty folder, may be there.

    Yields:
        The folder to write into.

    Raises:
        DataError: something is there already, or it cannot be written to.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise DataError(
            f"{path}: must be a new or an empty folder, found one in use. Give another name."
        )
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with _refusals_explained(path):
            draft.mkdir()
            yield draft
            if path.exists():
                path.rmdir()
            draft.replace(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
