"""Write graphs and corpora: the format is told from the name, `.gz` included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lichen.base.choose import choose
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.data.read.lines import plain_suffix
from lichen.data.write.arrays import write_arrays
from lichen.data.write.codex import write_codex
from lichen.data.write.documents import (
    write_documents_csv,
    write_documents_folder,
    write_documents_jsonl,
)
from lichen.data.write.jsonl import write_jsonl
from lichen.data.write.rdf import write_ntriples, write_turtle
from lichen.data.write.tables import write_csv, write_split_folder, write_tsv
from lichen.data.write.wordnet import write_wordnet

__all__ = ["write_codex", "write_corpus", "write_graph", "write_wordnet"]

GRAPH_WRITERS: dict[str, Callable[[Graph, Path], None]] = {
    "": write_split_folder,
    ".jsonl": write_jsonl,
    ".lichen": write_arrays,
    ".tsv": write_tsv,
    ".txt": write_tsv,
    ".csv": write_csv,
    ".nt": write_ntriples,
    ".ttl": write_turtle,
}
"""File suffix to the function that writes a graph; a name without one is a folder."""

CORPUS_WRITERS: dict[str, Callable[[Corpus, Path], None]] = {
    "": write_documents_folder,
    ".jsonl": write_documents_jsonl,
    ".csv": write_documents_csv,
}
"""File suffix to the function that writes a corpus; a name without one is a folder."""


def write_graph(graph: Graph, path: str | Path) -> Path:
    """Write a graph; what a format loses is logged. `.jsonl` and `.lichen` keep all of it.

    The file appears whole or not at all.

    Args:
        graph: what to write.
        path: a name ending in .jsonl, .tsv, .txt, .csv, .nt or .ttl, each also with .gz; a new
            folder whose name ends in .lichen, for arrays that open in seconds; or any other new
            folder, which gets train.tsv, valid.tsv and test.tsv. The other layouts of
            folders have functions of their own: `write_codex` and `write_wordnet`.

    Returns:
        The path.

    Raises:
        DataError: the format cannot hold the graph, or the place cannot be written to.
        ChoiceError: the suffix is unknown.
    """
    place = Path(path)
    choose(f"{place}: the suffix", plain_suffix(place), GRAPH_WRITERS)(graph, place)
    return place


def write_corpus(corpus: Corpus, path: str | Path) -> Path:
    """Write a corpus; `.jsonl` keeps all of it, and what another format loses is logged.

    The file appears whole or not at all.

    Args:
        corpus: what to write.
        path: a name ending in .jsonl or .csv, each also with .gz; or a new folder, which gets
            one .txt file a document.

    Returns:
        The path.

    Raises:
        DataError: the format cannot hold the corpus, or the place cannot be written to.
        ChoiceError: the suffix is unknown.
    """
    place = Path(path)
    choose(f"{place}: the suffix", plain_suffix(place), CORPUS_WRITERS)(corpus, place)
    return place
