"""The manifest of a folder of files: its kind, its format and their hashes, in lichen.json."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from lichen.base.errors import ArtifactError

FORMAT = 1
"""Version of a folder's layout; a reader refuses any other."""

MANIFEST = "lichen.json"


def write_manifest(folder: Path, *, kind: str, names: Iterable[str]) -> None:
    """Write the manifest of finished files; last, so that a cut write is noticed.

    Args:
        folder: where the files are.
        kind: what they hold together, checked again by `checked_files`.
        names: the files.
    """
    manifest = {
        "format": FORMAT,
        "kind": kind,
        "sha256": {name: _sha256(folder / name) for name in names},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def checked_files(folder: Path, *, kind: str) -> list[str]:
    """Return the names of the files that a manifest lists, each found to be unchanged.

    Args:
        folder: where they are.
        kind: what they must hold together.

    Raises:
        ArtifactError: a file is missing or changed, or the folder is of another kind or format.
    """
    hashes = _read_manifest(folder, kind=kind)
    for name, said in hashes.items():
        path = folder / name
        if not path.is_file():
            raise ArtifactError(
                f"{path}: {MANIFEST} lists this file, and it is not there. Save again, or "
                "copy the whole folder."
            )
        found = _sha256(path)
        if found != said:
            raise ArtifactError(
                f"{path}: must have the hash that {MANIFEST} gives, {said[:12]}...; it has "
                f"{found[:12]}.... The file was changed or its copy cut short; save again."
            )
    return list(hashes)


def kind_of(folder: Path) -> str | None:
    """Return what a folder says it holds; None where it says nothing."""
    try:
        return str(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["kind"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read_manifest(folder: Path, *, kind: str) -> dict[str, str]:
    path = folder / MANIFEST
    try:
        text = path.read_bytes()
    except OSError as error:
        is_absent = isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError)
        raise ArtifactError(
            f"{path}: {'no such file' if is_absent else error.strerror}, so this folder holds no "
            f"complete {kind}. Give the folder that `save` wrote."
        ) from None
    try:
        manifest = json.loads(text)
        found = (manifest["format"], manifest["kind"])
        hashes: dict[str, str] = dict(manifest["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path}: not a Lichen manifest ({error!r}). Save again.") from None
    if found != (FORMAT, kind):
        raise ArtifactError(
            f"{path}: must be of kind {kind!r} and format {FORMAT}; got kind {found[1]!r} and "
            f"format {found[0]!r}. Load it with the matching class and version of Lichen."
        )
    return hashes


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
