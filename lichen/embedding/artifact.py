"""Named tensors and JSON documents to a folder and back, with hashes: no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from lichen.base.errors import ArtifactError
from lichen.base.manifest import MANIFEST, checked_files, write_manifest

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
    (folder / MANIFEST).unlink(missing_ok=True)
    save_file({name: t.contiguous().cpu() for name, t in tensors.items()}, folder / _TENSORS)
    for name, document in documents.items():
        text = json.dumps(document, ensure_ascii=False, indent=1)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    files = [_TENSORS, *(f"{name}.json" for name in documents)]
    write_manifest(folder, kind=kind, names=files)


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
    files = checked_files(folder, kind=kind)
    try:
        tensors = load_file(folder / _TENSORS)
    except SafetensorError as error:
        raise ArtifactError(
            f"{folder / _TENSORS}: not a safetensors file ({error}). Save again."
        ) from None
    names = [name for name in files if name.endswith(".json")]
    documents = {
        name.removesuffix(".json"): json.loads((folder / name).read_text(encoding="utf-8"))
        for name in names
    }
    return tensors, documents
