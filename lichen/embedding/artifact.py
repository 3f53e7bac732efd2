"""Named tensors and JSON documents to a folder and back, with hashes: no pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from lichen.base.errors import ArtifactError

FORMAT = 1
"""Version of the folder's layout; a reader refuses any other."""

_MANIFEST = "lichen.json"
_TENSORS = "model.safetensors"


def write_artifact(
    folder: Path, *, kind: str, tensors: Mapping[str, Tensor], documents: Mapping[str, Any]
) -> None:
    """Write a folder; the manifest with the hashes comes last, so a cut write is noticed.

    Args:
        folder: created when absent.
        kind: what the folder holds, checked again by `read_artifact`.
        tensors: name to tensor.
        documents: name to anything that JSON holds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MANIFEST).unlink(missing_ok=True)
    save_file({name: t.contiguous().cpu() for name, t in tensors.items()}, folder / _TENSORS)
    for name, document in documents.items():
        text = json.dumps(document, ensure_ascii=False, indent=1)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    files = [_TENSORS, *(f"{name}.json" for name in documents)]
    manifest = {
        "format": FORMAT,
        "kind": kind,
        "sha256": {name: _sha256(folder / name) for name in files},
    }
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def read_artifact(folder: Path, *, kind: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `write_artifact` wrote.

    Args:
        folder: where it is.
        kind: what it must hold.

    Returns:
        Tensors by name, and documents by name.

    Raises:
        ArtifactError: a file is missing or changed, or the folder is of another kind or format.
    """
    hashes = _read_manifest(folder, kind=kind)
    for name, said in hashes.items():
        path = folder / name
        if not path.is_file():
            raise ArtifactError(
                f"{path}: {_MANIFEST} lists this file, and it is not there. Save again, or "
                "copy the whole folder."
            )
        if _sha256(path) != said:
            raise ArtifactError(
                f"{path}: must have the hash that {_MANIFEST} gives, {said[:12]}...; it has "
                f"{_sha256(path)[:12]}.... The file was changed or its copy cut short; save again."
            )
    try:
        tensors = load_file(folder / _TENSORS)
    except SafetensorError as error:
        raise ArtifactError(
            f"{folder / _TENSORS}: not a safetensors file ({error}). Save again."
        ) from None
    names = [name for name in hashes if name.endswith(".json")]
    documents = {
        name.removesuffix(".json"): json.loads((folder / name).read_text(encoding="utf-8"))
        for name in names
    }
    return tensors, documents


def _read_manifest(folder: Path, *, kind: str) -> dict[str, str]:
    path = folder / _MANIFEST
    if not path.is_file():
        raise ArtifactError(
            f"{path}: no such file, so this folder holds no complete {kind}. Give the folder "
            "that `save` wrote."
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
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
