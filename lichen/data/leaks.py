"""Leak guards: ways in which the answer to a test example stands in what a model was shown.

Each guard takes a graph, a corpus or texts and gives findings; none means nothing was found.
A finding does not stop a run: it is printed beside the result that it may explain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from lichen.data.corpus import Corpus, Document
from lichen.data.graph import Graph, Ids

NEAR = 0.8
"""Two relations count as the same, or as inverses, from this share of common pairs on."""

FEWEST = 5
"""Common pairs needed for that: with fewer, chance does it."""

SHOWN = 5
"""Examples kept with a finding."""

SPACELESS = "\u2e80"
"""From this character on scripts such as Chinese do not put spaces between words."""

LONGEST = 30
"""Linked entities of a document, from its start, whose pairs are compared."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One way in which test answers leak."""

    what: str
    """What was found, in words that stand alone."""
    count: int
    """How many test facts, documents or answers it concerns."""
    total: int
    """How many were looked at."""
    examples: tuple[str, ...] = ()
    """The first few, readable."""

    def __str__(self) -> str:
        """Say it in one line."""
        shown = f"; e.g. {self.examples[0]}" if self.examples else ""
        return f"{self.what}: {self.count} of {self.total}{shown}"


def graph_leaks(
    graph: Graph, *, train: Sequence[str] = ("train", "facts"), test: str = "test"
) -> tuple[Finding, ...]:
    """Find test facts whose answer stands in the training facts or in a name.

    Looked for: the fact itself in training; the pair turned round, under a (nearly) inverse or
    symmetric relation; the pair under a (nearly) equal relation; head and tail with a name in
    common. How near is measured on the training facts: the share of the smaller relation's
    pairs that the other has too.

    Args:
        graph: a graph with splits.
        train: the splits a model is shown.
        test: the split it is measured on.

    Returns:
        The findings; none when the graph has no such splits.

    References:
        Toutanova and Chen, 2015 (inverse relations of FB15k); Dettmers et al., 2018,
        arXiv:1707.01476 (of WN18). Differs: also names, and a fact in both splits.

    >>> from lichen.data.graph import Graph
    >>> g = Graph.from_triples([("a", "r", "b")], splits={"test": [("a", "r", "b")]})
    >>> print(graph_leaks(g)[0])
    test fact is a training fact: 1 of 1; e.g. a | r | b
    """
    if test not in graph.splits or not any(name in graph.splits for name in train):
        return ()
    tested = graph.splits[test]
    shown = np.unique(np.concatenate([graph.splits[n] for n in train if n in graph.splits]))
    seen, facts = graph.triples[shown], graph.triples[tested]
    inverse, same = _near_relations(seen, graph)
    own = np.arange(graph.num_relations)
    symmetric = inverse[own, own]
    inverse[own, own] = same[own, own] = False
    known = _PairsOf(seen, graph)
    guards = {
        "test fact is a training fact": np.isin(tested, shown),
        "test fact turned round is a training fact of a symmetric relation": (
            known.has(facts[:, [2, 1, 0]]) & symmetric[facts[:, 1]]
        ),
        "test pair turned round is a training fact of an inverse relation": (
            known.has_related(facts[:, [2, 1, 0]], inverse)
        ),
        "test pair is a training fact of a relation that is nearly the same": (
            known.has_related(facts, same)
        ),
        "head and tail of a test fact share a name": _share_name(facts, graph),
    }
    return tuple(
        Finding(
            what=what,
            count=int(found.sum()),
            total=len(facts),
            examples=tuple(_said(graph, fact) for fact in facts[found][:SHOWN].tolist()),
        )
        for what, found in guards.items()
        if found.any()
    )


def _said(graph: Graph, fact: list[int]) -> str:
    h, r, t = fact
    return f"{graph.name(h)} | {graph.relations[r]} | {graph.name(t)}"


class _PairsOf:
    """Which (head, tail) pairs each relation has among some facts."""

    def __init__(self, facts: Ids, graph: Graph) -> None:
        self.num_entities = max(graph.num_entities, 1)
        self.num_relations = graph.num_relations
        pairs = self.pairs(facts)
        self.distinct = np.unique(pairs)
        self.keys = np.unique(self.key(pairs, facts[:, 1]))

    def pairs(self, facts: Ids) -> Ids:
        """Return `(facts,)`: head and tail as one number."""
        return facts[:, 0] * self.num_entities + facts[:, 2]

    def key(self, pairs: Ids, relations: Ids) -> Ids:
        """Return `(facts,)`: pair, numbered among those known, and relation as one number."""
        place = np.searchsorted(self.distinct, pairs)
        place = np.minimum(place, len(self.distinct) - 1)
        known = self.distinct[place] == pairs if len(self.distinct) else np.zeros(len(pairs), bool)
        return np.where(known, place * self.num_relations + relations, -1)

    def is_known(self, keys: Ids) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return `(facts,)`: which keys are among those of the known facts."""
        if not len(self.keys):
            return np.zeros(len(keys), dtype=np.bool_)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.asarray(self.keys[place] == keys)

    def has(self, facts: Ids) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return `(facts,)`: which are among the known ones."""
        return self.is_known(self.key(self.pairs(facts), facts[:, 1]))

    def has_related(
        self, facts: Ids, related: np.ndarray[tuple[int, int], np.dtype[np.bool_]]
    ) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return `(facts,)`: which have their pair under a related relation."""
        found = np.zeros(len(facts), dtype=np.bool_)
        pairs = self.pairs(facts)
        for r in np.unique(facts[:, 1]).tolist():
            rows = np.flatnonzero(facts[:, 1] == r)
            for other in np.flatnonzero(related[r]).tolist():
                keys = self.key(pairs[rows], np.full(len(rows), other))
                found[rows] |= self.is_known(keys)
        return found


def _near_relations(
    facts: Ids, graph: Graph
) -> tuple[
    np.ndarray[tuple[int, int], np.dtype[np.bool_]],
    np.ndarray[tuple[int, int], np.dtype[np.bool_]],
]:
    """Return `(relations, relations)` twice: near-inverse, and near-same, relations.

    Only pairs that two relations really have in common are counted, so the work grows with the
    facts and not with the square of the relations.
    """
    num_relations, num_entities = graph.num_relations, max(graph.num_entities, 1)
    forward = facts[:, 0] * num_entities + facts[:, 2]
    backward = facts[:, 2] * num_entities + facts[:, 0]
    sizes = np.bincount(facts[:, 1], minlength=num_relations)
    smaller = np.minimum(sizes[:, None], sizes[None, :])
    near = []
    for other in (backward, forward):
        common = np.zeros((num_relations, num_relations), dtype=np.int64)
        order = np.argsort(forward, kind="stable")
        low = np.searchsorted(forward[order], other, side="left")
        high = np.searchsorted(forward[order], other, side="right")
        counts = high - low
        mine = np.repeat(np.arange(len(facts)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        theirs = order[np.repeat(low, counts) + within]
        np.add.at(common, (facts[mine, 1], facts[theirs, 1]), 1)
        near.append((common >= FEWEST) & (common >= NEAR * smaller))
    return near[0], near[1]


def _share_name(facts: Ids, graph: Graph) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    names = {
        e: {n.casefold() for n in graph.names_of(e)} for e in np.unique(facts[:, [0, 2]]).tolist()
    }
    return np.array(
        [h != t and not names[h].isdisjoint(names[t]) for h, _, t in facts.tolist()],
        dtype=np.bool_,
    )


def corpus_leaks(
    corpus: Corpus, *, graph: Graph | None = None, test: str = "test"
) -> tuple[Finding, ...]:
    """Find test documents whose text or facts stand in the training documents.

    Looked for: the same text in both, apart from case and spaces; the same ordered pair of
    linked entities in both, which is how one fact is told twice; with a graph, a pair that
    the graph's training facts link, so that the fact reaches the model as knowledge: that is
    the point of some tests and a leak in others.

    Args:
        corpus: documents with splits, linked for the pairs.
        graph: the knowledge the model is given; None leaves that guard out.
        test: the split measured on; "train" is what the model learns from.

    Returns:
        The findings; none when the corpus has no such splits.

    >>> from lichen.data.corpus import Corpus, Document
    >>> twice = [Document(id=s, text="Vienna  is big", split=s) for s in ("train", "test")]
    >>> print(corpus_leaks(Corpus(tuple(twice)))[0])
    test text is a training text: 1 of 1; e.g. 'Vienna  is big'
    """
    tested = [doc for doc in corpus if doc.split == test]
    texts, pairs = set[str](), set[tuple[int, int]]()
    for doc in corpus:
        if doc.split == "train":
            texts.add(_plain(doc.text))
            pairs.update(_pairs(doc))
    linked = _linked_pairs(graph) if graph is not None else set()
    guards = {
        "test text is a training text": [d for d in tested if _plain(d.text) in texts],
        "test document names a pair of entities, in order, as a training document does": [
            d for d in tested if any(pair in pairs for pair in _pairs(d))
        ],
        "test document names a pair of entities that the graph links": [
            d for d in tested if any((min(p), max(p)) in linked for p in _pairs(d))
        ],
    }
    return tuple(
        Finding(
            what=what,
            count=len(found),
            total=len(tested),
            examples=tuple(repr(doc.text[:80]) for doc in found[:SHOWN]),
        )
        for what, found in guards.items()
        if found
    )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _pairs(doc: Document) -> Iterator[tuple[int, int]]:
    """Yield the ordered pairs of different linked entities, each entity at its first place."""
    entities = dict.fromkeys(m.entity for m in doc.mentions if m.entity is not None)
    return combinations(islice(entities, LONGEST), 2)


def _linked_pairs(graph: Graph) -> set[tuple[int, int]]:
    facts = graph.triples if "train" not in graph.splits else graph.split("train")
    ends = np.unique(np.sort(facts[:, [0, 2]], axis=1), axis=0)
    return {(low, high) for low, high in ends.tolist()}


def _stands_in(name: str, text: str) -> bool:
    """Say whether a name stands in a text as words of its own, where its script has spaces."""
    if not name or name not in text:
        return False
    if any(character >= SPACELESS for character in name):
        return True
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def answers_in_text(texts: Iterable[str], answers: Iterable[Sequence[str]]) -> tuple[Finding, ...]:
    """Find examples whose answer can be read off the text put before the model.

    Args:
        texts: one for each example, such as a question with the facts injected into it.
        answers: for each example the names of its answer.

    Returns:
        One finding, or none.

    Raises:
        ValueError: the two are not of the same length.

    >>> print(answers_in_text(["Vienna is where?"], [["Vienna", "Wien"]])[0])
    answer stands in the text: 1 of 1; e.g. 'Vienna' in 'Vienna is where?'
    """
    found, total = [], 0
    for text, names in zip(texts, answers, strict=True):
        total += 1
        plain = _plain(text)
        name = next((n for n in names if _stands_in(_plain(n), plain)), None)
        if name is not None:
            found.append(f"{name!r} in {text[:80]!r}")
    if not found:
        return ()
    what = "answer stands in the text"
    return (Finding(what=what, count=len(found), total=total, examples=tuple(found[:SHOWN])),)
