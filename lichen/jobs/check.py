"""A look at data before training: bad lines, duplicates, self-loops, unseen labels, leaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.data.leaks import Finding, corpus_leaks, graph_leaks
from lichen.data.read import ReadReport, scan_corpus, scan_graph
from lichen.data.read.lines import BadLines
from lichen.data.splits import Unseen, UnseenLabels, unseen, unseen_labels
from lichen.jobs.guards import unread_splits


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """What a check found; `problems` is empty when all is well."""

    graph: Graph
    corpus: Corpus | None
    reading: ReadReport | None
    """What was met while reading the graph; None for a graph that was not read from a file."""
    reading_texts: BadLines | None
    """Which lines of the corpus were bad; None without a corpus."""
    unseen: tuple[Unseen, ...]
    """Entities and relations of other splits that training lacks."""
    unseen_labels: tuple[UnseenLabels, ...]
    """Labels of documents, or of their spans, of other splits that training lacks."""
    leaks: tuple[Finding, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that deserves a look, a line each."""
        found = []
        if self.reading is not None:
            read = self.reading
            if read.num_bad:
                found.append(f"{read.num_bad} of {read.num_lines} lines are bad; {read.first_bad}")
            if read.num_duplicates:
                found.append(f"{read.num_duplicates} facts came more than once and are kept once")
            if read.num_shared:
                found.append(f"{read.num_shared} facts stand in two splits")
        if self.reading_texts is not None and self.reading_texts.num_bad:
            texts = self.reading_texts
            found.append(
                f"{texts.num_bad} of {texts.num_lines} lines of the corpus are bad; {texts.first}"
            )
        h, _, t = self.graph.triples.T
        if num_loops := int((h == t).sum()):
            found.append(f"{num_loops} facts are self-loops: their head is their tail")
        found += [
            f"split {name}: holds no fact"
            for name, rows in self.graph.splits.items()
            if not len(rows)
        ]
        found += [
            f"split {item.split}: {len(item.entities)} entities and {len(item.relations)} "
            f"relations never occur in training; {item.num_facts} facts have one"
            for item in self.unseen
        ]
        found += [
            f"split {item.split}: label {label!r} never occurs in training; {count} documents "
            "have it"
            for item in self.unseen_labels
            for label, count in item.documents.items()
        ]
        found += () if self.corpus is None else unread_splits(self.corpus)
        found += [str(item) for item in self.leaks]
        return tuple(found)


def check(
    graph: str | Path,
    corpus: str | Path | None = None,
    *,
    columns: Sequence[str] | None = None,
) -> CheckReport:
    """Read a graph, and a corpus to be used with it, and report what deserves a look.

    Args:
        graph: as for `Graph.load`; bad lines are counted, not refused.
        corpus: as for `Corpus.load`; None checks the graph alone.
        columns: the order of the columns of tables without a header, as for `Graph.load`.

    Returns:
        The report.

    Raises:
        DataError: nothing is there, or nothing in it is readable.
    """
    reading: ReadReport | None = None
    if str(graph) == "atlas" or "://" in str(graph):
        facts = Graph.load(graph)
    else:
        facts, reading = scan_graph(graph, on_bad_line="skip", columns=columns)
    texts, reading_texts = None, None
    if corpus is not None:
        texts, reading_texts = scan_corpus(corpus, on_bad_line="skip", graph=facts)
    leaks = graph_leaks(facts) if "test" in facts.splits else ()
    if texts is not None and {"train", "test"} <= {doc.split for doc in texts}:
        leaks += corpus_leaks(texts, graph=facts)
    labels: tuple[UnseenLabels, ...] = ()
    if texts is not None:
        labels = unseen_labels(texts) + unseen_labels(texts, of_spans=True)
    return CheckReport(
        graph=facts,
        corpus=texts,
        reading=reading,
        reading_texts=reading_texts,
        unseen=unseen(facts),
        unseen_labels=labels,
        leaks=leaks,
    )
