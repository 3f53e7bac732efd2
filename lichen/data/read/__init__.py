"""Read graphs and corpora: the format is told from the name, `.gz` included."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from lichen.base.choose import choose
from lichen.base.errors import DataError
from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Corpus, Document
from lichen.data.graph import Graph
from lichen.data.read.arrays import is_arrays, read_arrays
from lichen.data.read.codex import is_codex, read_codex
from lichen.data.read.documents import (
    read_documents_csv,
    read_documents_folder,
    read_documents_jsonl,
)
from lichen.data.read.folder import RECORDS, TABLES, read_folder, split_files
from lichen.data.read.ids import id_file, read_id_folder
from lichen.data.read.jsonl import read_jsonl
from lichen.data.read.lines import BadLines, OnBadLine, plain_suffix, shown
from lichen.data.read.rdf import read_ntriples, read_turtle
from lichen.data.read.wordnet import PARTS, read_wordnet

__all__ = ["OnBadLine", "ReadReport", "read_corpus", "read_graph", "scan_graph"]

log = logging.getLogger(__name__)

GRAPH_READERS: dict[str, Callable[..., None]] = {
    **TABLES,
    **dict.fromkeys(RECORDS, read_jsonl),
    ".nt": read_ntriples,
    ".ttl": read_turtle,
}
"""File suffix to the function that reads it into a builder."""

SQLITE = b"SQLite format 3\0"
"""How a database file begins."""
CORPUS_READERS: dict[str, Callable[..., Iterator[Document]]] = {
    **dict.fromkeys(RECORDS, read_documents_jsonl),
    ".csv": read_documents_csv,
}
"""File suffix to the function that reads its documents."""


@dataclass(frozen=True, kw_only=True)
class ReadReport:
    """What was met while reading a graph."""

    num_lines: int
    """Lines or records read, bad ones included."""
    num_bad: int
    """Lines skipped because they did not hold what the format promises."""
    first_bad: str | None
    """Where the first of them stands and what is wrong with it; None without one."""
    num_duplicates: int
    """How often a fact came that was there already; it is kept once."""
    num_shared: int
    """How often a fact came again in another split; it is then in both, which is a leak."""


def read_graph(
    source: str | Path,
    *,
    on_bad_line: OnBadLine = "raise",
    columns: Sequence[str] | None = None,
) -> Graph:
    """Read a graph and log what was skipped or came twice.

    Args:
        source: "atlas"; the address or the file of a store; a file (.tsv, .txt, .csv, .jsonl, .nt,
            .ttl, each also with .gz); or a folder of train/valid/test files, of OpenKE's id files,
            of CoDEx, of WordNet's database, or one that Lichen wrote (.lichen).
        on_bad_line: "raise" stops at the first bad line; "skip" drops and counts them.
        columns: the order of the columns of tables without a header; None is head, relation,
            tail.

    Returns:
        The graph.

    Raises:
        DataError: nothing is there, nothing is in it, or a line is bad.
        ChoiceError: the suffix is unknown.
        ArtifactError: a folder that Lichen wrote is incomplete or was changed.
    """
    return scan_graph(source, on_bad_line=on_bad_line, columns=columns)[0]


def scan_graph(
    source: str | Path,
    *,
    on_bad_line: OnBadLine = "skip",
    columns: Sequence[str] | None = None,
) -> tuple[Graph, ReadReport]:
    """Read a graph and say what was met on the way.

    Args:
        source: as for `read_graph`.
        on_bad_line: as for `read_graph`.
        columns: as for `read_graph`.

    Returns:
        The graph and the report.

    Raises:
        DataError: nothing is there, nothing is in it, or a line is bad and not to be skipped.
        ChoiceError: the suffix is unknown.
        ArtifactError: a folder that Lichen wrote is incomplete or was changed.
    """
    if source == "atlas":
        return _with_report(import_module("lichen.data.atlas").load_graph())
    is_address = "://" in str(source)
    if is_address or _is_database(_there(source)):  # the store stands below: it is looked up
        with import_module("lichen.store").Store.open(str(source), must_exist=True) as store:
            return _with_report(store.snapshot())
    place, builder, bad = _there(source), GraphBuilder(), BadLines(on_bad_line)
    if place.is_dir() and is_arrays(place):
        return _with_report(read_arrays(place))
    if place.is_dir():
        _read_graph_folder(place, builder, bad, columns)
    else:
        reader = choose(f"{place}: the suffix", plain_suffix(place), GRAPH_READERS)
        options = {"columns": columns} if plain_suffix(place) in TABLES else {}
        reader(place, builder, bad, **options)
    bad.summarise(source)
    graph = builder.build()
    if not graph.num_entities:
        raise _nothing(source, "fact or entity", bad)
    _report_repeats(place, builder)
    return graph, ReadReport(
        num_lines=bad.num_lines,
        num_bad=bad.num_bad,
        first_bad=bad.first,
        num_duplicates=builder.num_duplicates,
        num_shared=builder.num_shared,
    )


def _is_database(place: Path) -> bool:
    """Say whether a file is one of SQLite, as `lichen import` writes, whatever its name."""
    try:
        with place.open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError:  # a folder, or a file that its reader will refuse
        return False


def _with_report(graph: Graph) -> tuple[Graph, ReadReport]:
    """Return a graph read whole, which has no bad lines and no repeats."""
    num_in_splits = sum(len(rows) for rows in graph.splits.values())
    in_any = np.zeros(graph.num_facts, dtype=np.bool_)
    for rows in graph.splits.values():
        in_any[rows] = True
    return graph, ReadReport(
        num_lines=graph.num_facts,
        num_bad=0,
        first_bad=None,
        num_duplicates=0,
        num_shared=num_in_splits - int(in_any.sum()),
    )


def _report_repeats(path: Path, builder: GraphBuilder) -> None:
    if builder.num_shared:
        log.warning(
            "%s: %d facts stand in more than one split and are kept in each, which is a leak",
            path,
            builder.num_shared,
        )
    num_same = builder.num_duplicates - builder.num_shared
    if num_same > 0 and not _is_wordnet(path):  # whose words may link two synsets twice
        log.warning("%s: %d facts came again and are kept once", path, num_same)


def _is_wordnet(folder: Path) -> bool:
    return any((folder / f"data.{part}{gz}").exists() for part in PARTS for gz in ("", ".gz"))


def _read_graph_folder(
    folder: Path, builder: GraphBuilder, bad: BadLines, columns: Sequence[str] | None
) -> None:
    if is_codex(folder):
        read_codex(folder, builder, bad)
    elif id_file(folder, "train").exists():
        read_id_folder(folder, builder, bad)
    elif split_files(folder):
        read_folder(folder, builder, bad, columns=columns)
    elif _is_wordnet(folder):
        read_wordnet(folder, builder, bad)
    else:
        raise DataError(
            f"{folder}: must hold train, valid or test files (.tsv, .txt, .csv, .jsonl), "
            "OpenKE's train2id.txt, CoDEx or WordNet's data.noun; found none of them. "
            "Check the path, or name one file."
        )


def read_corpus(
    path: str | Path, *, on_bad_line: OnBadLine = "raise", graph: Graph | None = None
) -> Corpus:
    """Read a corpus and log what was skipped.

    Args:
        path: "atlas"; a file (.jsonl or .csv, each also with .gz); or a folder of .txt files.
        on_bad_line: "raise" stops at the first bad line; "skip" drops and counts them.
        graph: of whose entities the mentions are; in a .jsonl file they may name them by label.
            None takes any ids, and no labels.

    Returns:
        The corpus.

    Raises:
        DataError: nothing is there, nothing is in it, a line is bad, or a mention's entity is no
            id of the graph.
        ChoiceError: the suffix is unknown.
    """
    return scan_corpus(path, on_bad_line=on_bad_line, graph=graph)[0]


def scan_corpus(
    path: str | Path, *, on_bad_line: OnBadLine = "skip", graph: Graph | None = None
) -> tuple[Corpus, BadLines]:
    """Read a corpus and say which lines were skipped.

    Args:
        path: as for `read_corpus`.
        on_bad_line: as for `read_corpus`.
        graph: as for `read_corpus`.

    Returns:
        The corpus, and how many lines were read and were bad.

    Raises:
        DataError: nothing is there, nothing is in it, a line is bad and not to be skipped, or a
            mention's entity is no id of the graph.
        ChoiceError: the suffix is unknown.
    """
    bad = BadLines(on_bad_line)
    if path == "atlas":
        atlas: Corpus = import_module("lichen.data.atlas").load_corpus()
        return _of_graph(atlas, graph, path), bad
    place = _there(path)
    if place.is_dir():
        documents = tuple(read_documents_folder(place, bad))
    else:
        reader = choose(f"{place}: the suffix", plain_suffix(place), CORPUS_READERS)
        options = {}
        if graph is not None and plain_suffix(place) in RECORDS:
            options["entities"] = graph.entities
        documents = tuple(reader(place, bad, **options))
    bad.summarise(path)
    if not documents:
        raise _nothing(path, "document", bad)
    return _of_graph(Corpus(documents), graph, path), bad


def _of_graph(corpus: Corpus, graph: Graph | None, source: str | Path) -> Corpus:
    """Return a corpus all of whose mentions are of entities that a graph has."""
    if graph is None:
        return corpus
    for doc in corpus:
        for mention in doc.mentions:
            named = (mention.entity, *(candidate.entity for candidate in mention.candidates))
            highest = max((entity for entity in named if entity is not None), default=-1)
            if highest >= graph.num_entities:
                raise DataError(
                    f"{source}: document {doc.id!r}: a mention's entity must be an id below "
                    f"{graph.num_entities}, the number of entities of the graph; got {highest}. "
                    "Link the text against this graph, or name the graph that it was linked "
                    "against."
                )
    return corpus


def _nothing(source: str | Path, wanted: str, bad: BadLines) -> DataError:
    """Return the error of a file in which nothing that is wanted was found."""
    why = "" if bad.first is None else f" The first of {bad.num_bad} bad lines: {bad.first}"
    return DataError(
        f"{source}: must hold at least one {wanted}, found none in {bad.num_lines} lines.{why} "
        "Check that this is the right file."
    )


def _there(path: str | Path) -> Path:
    place = Path(path)
    try:
        is_there = place.exists()
    except OSError as error:  # a name too long, a folder on the way that is closed to this user
        raise DataError(
            f"{shown(str(place))}: must be a file or a folder that can be read; {error.strerror}. "
            "Check the path."
        ) from None
    if not is_there:
        raise DataError(
            f"{place}: must be a file or a folder, found nothing there. Check the path, or say "
            "'atlas' for the built-in one."
        )
    return place
