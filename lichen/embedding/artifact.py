"""Named tensors and JSON documents to a folder and back, with hashes: no pickle."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from lichen.base.errors import ArtifactError, LichenError
from lichen.base.manifest import MANIFEST, checked_files, write_manifest
from lichen.base.paths import require_folder

_TENSORS, _DRAFT = "model.safetensors", ".draft"


def write_artifact(
    folder: Path, *, kind: str, tensors: Mapping[str, Tensor], documents: Mapping[str, Any]
) -> None:
    """Write a folder; files of an earlier one are replaced when all of the new ones are whole.

    The manifest with the hashes comes last, so a cut write is noticed.

    Args:
        folder: created when absent.
        kind: what the folder holds, checked again by `read_artifact`.
        tensors: name to tensor.
        documents: name to anything that JSON holds.

    Raises:
        LichenError: the disk is full or cannot be written to; what was there before is kept.
    """
    draft = folder / _DRAFT
    with drafted(draft, of=folder):
        shutil.rmtree(draft, ignore_errors=True)
        write_files(draft, kind=kind, tensors=tensors, documents=documents)
        (folder / MANIFEST).unlink(missing_ok=True)
        for path in sorted(draft.iterdir(), key=lambda path: path.name == MANIFEST):
            path.replace(folder / path.name)
        draft.rmdir()


def write_files(
    folder: Path, *, kind: str, tensors: Mapping[str, Tensor], documents: Mapping[str, Any]
) -> None:
    """Write the files of an artifact to a draft; arguments as of `write_artifact`."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: t.contiguous().cpu() for name, t in tensors.items()}, folder / _TENSORS)
    for name, document in documents.items():
        text = json.dumps(document, ensure_ascii=False, indent=1)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    files = [_TENSORS, *(f"{name}.json" for name in documents)]
    write_manifest(folder, kind=kind, names=files)


@contextmanager
def drafted(draft: Path, *, of: Path) -> Iterator[None]:
    """Remove a draft that is not written to its end; say so where the disk is the cause.

    Args:
        draft: the folder that is written.
        of: what it is to become, as the message names it.

    Raises:
        ConfigError: a file stands where the folder is to be.
        LichenError: the disk is full or cannot be written to.
    """
    require_folder(of)
    try:
        yield
    except BaseException as error:
        shutil.rmtree(draft, ignore_errors=True)
        reason = _disk_reason(error)
        if reason is None:
            raise
        raise LichenError(
            f"{of}: must be written whole, and the disk did not take it: {reason}. Free some space "
            "or give another folder, and run again; what was there before is kept."
        ) from error


def _disk_reason(error: BaseException) -> str | None:
    """Return why the disk refused, or None where it did not."""
    if isinstance(error, OSError | SafetensorError):
        return str(error)
    # torch.save keeps the reason to itself
    is_cut = any(said in str(error) for said in ("inline_container", "iostream error"))
    return "torch.save was cut short" if is_cut else None


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
