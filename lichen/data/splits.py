"""Facts to splits, and what splits of facts and of texts hold that training never showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from lichen.base import check
from lichen.base.errors import DataError
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph, Ids


def divide(graph: Graph, *, valid: float = 0.05, test: float = 0.05, seed: int = 0) -> Graph:
    """Divide the facts of a graph at random into the splits train, valid and test.

    Every entity and relation keeps a fact in train, so the other two may get fewer than asked.
    A fact and its inverse may fall on two sides: `lichen.data.leaks` tells how many do.

    Args:
        graph: without splits.
        valid: share of the facts for validation, 0 to below 1.
        test: share of the facts for the test.
        seed: of the draw.

    Returns:
        The same graph with splits.

    Raises:
        DataError: the graph has splits already.
        ConfigError: a share is out of its bounds, or they leave nothing for train.

    >>> from lichen.data.graph import Graph
    >>> ring = [(str(i), "next", str((i + 1) % 40)) for i in range(40)]
    >>> again = [(str(i), "after", str((i + 7) % 40)) for i in range(40)]
    >>> split = divide(Graph.from_triples(ring + again), valid=0.1, test=0.2)
    >>> {name: len(rows) for name, rows in split.splits.items()}
    {'train': 56, 'valid': 8, 'test': 16}
    """
    check.between("valid", valid, 0.0, 1.0)
    check.between("test", test, 0.0, 1.0)
    check.between("valid + test", valid + test, 0.0, 0.99)
    if graph.splits:
        raise DataError(
            f"graph must have no splits to be divided; it has {', '.join(graph.splits)}. "
            "Use them as they are."
        )
    order = np.random.default_rng(seed).permutation(graph.num_facts)
    shuffled = graph.triples[order]
    is_first = np.zeros(graph.num_facts, dtype=np.bool_)
    ends = shuffled[:, [0, 2]].ravel()
    for ids, per_fact in ((ends, 2), (shuffled[:, 1], 1)):
        is_first[np.unique(ids, return_index=True)[1] // per_fact] = True
    free = order[~is_first]
    num_valid, num_test = (round(share * graph.num_facts) for share in (valid, test))
    num_valid = min(num_valid, len(free))
    held = {"valid": free[:num_valid], "test": free[num_valid : num_valid + num_test]}
    is_train = np.ones(graph.num_facts, dtype=np.bool_)
    is_train[free[: num_valid + num_test]] = False
    return replace(graph, splits={"train": np.flatnonzero(is_train), **held})


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """Entities and relations of one split that no training fact mentions."""

    split: str
    entities: tuple[int, ...]
    """Entity ids, ascending."""
    relations: tuple[int, ...]
    """Relation ids, ascending."""
    num_facts: int
    """Facts of the split with such an entity or relation."""
    share: float
    """The part of the split's facts that these are, 0 to 1."""


def unseen(graph: Graph) -> tuple[Unseen, ...]:
    """Report what each split other than training holds that training lacks.

    An embedding has nothing to say of an entity it never saw; such facts stay in the graph and
    are counted here, so that a poor score has its reason. Background facts (the split "facts")
    count as seen.

    Args:
        graph: a graph with splits; without, there is nothing to report.

    Returns:
        One entry for each split that has something unseen, in the graph's order.

    >>> from lichen.data.graph import Graph
    >>> g = Graph.from_triples([("a", "r", "b")], splits={"test": [("a", "r", "c")]})
    >>> [(u.split, [g.entities[e] for e in u.entities], u.num_facts) for u in unseen(g)]
    [('test', ['c'], 1)]
    """
    shown = [graph.triples[graph.splits[s]] for s in ("train", "facts") if s in graph.splits]
    if not shown:
        return ()
    seen = np.concatenate(shown)
    seen_entities, seen_relations = np.unique(seen[:, [0, 2]]), np.unique(seen[:, 1])
    found = []
    for split, rows in graph.splits.items():
        if split in ("train", "facts"):
            continue
        facts = graph.triples[rows]
        entities = np.setdiff1d(facts[:, [0, 2]], seen_entities)
        relations = np.setdiff1d(facts[:, 1], seen_relations)
        is_new = np.isin(facts[:, [0, 2]], entities).any(axis=1) | np.isin(facts[:, 1], relations)
        if is_new.any():
            found.append(
                Unseen(
                    split=split,
                    entities=tuple(entities.tolist()),
                    relations=tuple(relations.tolist()),
                    num_facts=int(is_new.sum()),
                    share=float(is_new.mean()),
                )
            )
    return tuple(found)


class OddFacts(NamedTuple):
    """How many of some facts are of a kind that a score should not be read without."""

    num_unseen: int
    """Facts with an entity that training never saw."""
    num_unseen_relation: int
    """Facts with a relation that training never saw."""
    num_loops: int
    """Facts whose head is their tail."""

    def __str__(self) -> str:
        """Show those that there are, in commas, to stand after a number of facts."""
        kinds = ("with an unseen entity", "with an unseen relation", "self-loops")
        said = [f" {count} {kind}," for count, kind in zip(self, kinds, strict=True) if count]
        return "," + "".join(said) if said else ""


def odd_facts(graph: Graph, facts: Ids) -> OddFacts:
    """Count what is odd about some facts of a graph.

    Args:
        graph: its train split is what was seen; without splits, all of it.
        facts: `(facts, 3)`

    Returns:
        The counts; a fact may be in several.

    >>> from lichen.data.graph import Graph
    >>> g = Graph.from_triples([("a", "r", "b")], splits={"test": [("a", "s", "c")]})
    >>> odd_facts(g, g.split("test"))
    OddFacts(num_unseen=1, num_unseen_relation=1, num_loops=0)
    """
    train = graph.split("train") if "train" in graph.splits else graph.triples
    seen = np.zeros(graph.num_entities, dtype=np.bool_)
    seen[train[:, [0, 2]]] = True
    h, r, t = facts.T
    return OddFacts(
        num_unseen=int((~(seen[h] & seen[t])).sum()),
        num_unseen_relation=int((~np.isin(r, train[:, 1])).sum()),
        num_loops=int((h == t).sum()),
    )


@dataclass(frozen=True, kw_only=True)
class UnseenLabels:
    """Labels of one split of a corpus that no training document has."""

    split: str
    documents: Mapping[str, int]
    """Label to how many documents of the split have it; labels in sorted order."""


def unseen_labels(corpus: Corpus, *, of_spans: bool = False) -> tuple[UnseenLabels, ...]:
    """Report the labels of each split other than training that training lacks.

    No model can learn such a class, and each document of it is an error before anything is read.

    Args:
        corpus: with splits; without a training split there is nothing to report. Documents of no
            split are left out.
        of_spans: look at the labels of spans, not at those of whole documents.

    Returns:
        One entry for each split that has some, in sorted order.

    >>> from lichen.data.corpus import Document
    >>> said = [("train", "no"), ("train", "yes"), ("test", "yes"), ("test", "maybe")]
    >>> docs = [Document(id=x, text=x, label=x, split=split) for split, x in said]
    >>> unseen_labels(Corpus(tuple(docs)))
    (UnseenLabels(split='test', documents={'maybe': 1}),)
    """
    counts: dict[str, Counter[str]] = {}
    for doc in corpus:
        if doc.split is not None:
            spans = {label for _, label in doc.spans or ()}
            said = spans if of_spans else {label for label in (doc.label,) if label is not None}
            counts.setdefault(doc.split, Counter()).update(said)
    if "train" not in counts:
        return ()
    found = []
    for split, count in sorted(counts.items()):
        new = {label: count[label] for label in sorted(set(count) - set(counts["train"]))}
        if new:
            found.append(UnseenLabels(split=split, documents=new))
    return tuple(found)
