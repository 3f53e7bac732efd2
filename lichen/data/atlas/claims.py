"""The built-in task *claims*: from the Atlas graph to true and false sentences, linked and split.

A false sentence is a true one whose tail was exchanged with that of another true sentence of the
same relation, tail type, language and split; for facts that stay in the graph, of the same
continent too, a near miss that only the fact itself tells. A removed fact can only be judged by
how plausible it is, so its false tail comes from the whole world. So every entity is head and
tail exactly as often in true as in false sentences, and counting words or names tells nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

import numpy as np

from lichen.base import check
from lichen.base.errors import DataError
from lichen.data.atlas.exchange import exchange
from lichen.data.atlas.likeness import alike, holds
from lichen.data.atlas.phrase import Phrase, fill, phrase
from lichen.data.atlas.statements_en import ENGLISH
from lichen.data.atlas.statements_zh import CHINESE
from lichen.data.corpus import Corpus, Document
from lichen.data.graph import Graph, Ids

STATEMENTS = {"en": ENGLISH, "zh": CHINESE}
SYMMETRIC = frozenset({"borders"})
KIN: tuple[frozenset[str], ...] = (
    frozenset({"borders"}),
    frozenset({"language", "official_language"}),
    frozenset({"capital", "major_city", "administrative_division"}),
    frozenset({"river_source", "river_mouth", "flows_through"}),
    frozenset({"lake_in", "lowest_point", "highest_point"}),
    frozenset({"export_partner", "import_partner"}),
    frozenset({"chief_of_state", "head_of_government"}),
    frozenset({"continent", "region"}),
    frozenset({"dependency_of", "independence_from"}),
)
"""Relations of which one fact may repeat or imply another about the same two entities."""

LISTS = frozenset({
    "agricultural_product", "ethnic_group", "exports", "imports", "industry", "language",
    "national_symbol", "natural_resource", "official_language", "religion",
})  # fmt: skip
"""Relations whose tails may name a part of one another ("petroleum", "crude petroleum")."""

NUM_REMOVED = 900
REMOVED_SHARE = 0.13
"""At most this share of a relation's facts is removed."""
COMMON_SHARE = 0.4
"""A tail of more than this share of a relation's heads is left out: few heads lack it."""
CHINESE_SHARE = 0.35
SPLIT_SHARES = {"test": 0.25, "valid": 0.07}
"""Shares of the entity pairs whose facts are held out; the rest is for training."""

SEEN, UNSEEN = "held-out fact", "held-out fact + held-out paraphrase"
REMOVED, TRAINING = "removed fact", "training fact"
UNKNOWN = "training fact, removed"
UNKNOWN_SHARE = 0.4
"""Of the removed facts, those that training sentences are about."""

MIN_FACTS = 20

Pair = tuple[int, int]
K = TypeVar("K")
V = TypeVar("V")


class Removed(NamedTuple):
    """A graph without some facts, and the rows they had in the whole graph."""

    graph: Graph
    rows: Ids
    """`(removed,)` rows of the whole graph's `triples`, ascending."""


class _Fact(NamedTuple):
    row: int
    h: int
    r: int
    t: int
    statement: str
    """Which set of statements it takes: its relation, or a variant of it."""

    @property
    def pair(self) -> Pair:
        return _pair(self.h, self.t)


def claims(
    graph: Graph,
    *,
    seed: int = 0,
    num_train: int = 10_000,
    num_valid: int = 1100,
    num_test: int = 4200,
) -> Corpus:
    """Make the corpus of true and false sentences, with gold mentions and splits.

    Two entities that stand together in a sentence of one split never do in another, nor do
    the two of any fact of the graph, so no test sentence is answered by a training sentence.

    Args:
        graph: the whole graph, such as Atlas; facts about to be removed included.
        seed: decides splits, paraphrases and exchanges.
        num_train: sentences for training, about; fewer where facts are short.
        num_valid: sentences for validation, about.
        num_test: sentences for the test, about, one third of them on removed facts.

    Returns:
        Documents with label "true" or "false", split train, valid or test, and `meta` keys
        `relation`, `paraphrase`, `language`, `fact` (row of the true fact) and `kind`:
        "training fact", "training fact, removed", "held-out fact" (valid, and test with known
        paraphrases), "held-out fact + held-out paraphrase" or "removed fact" (see `removed`).
        Some training sentences are about removed facts, so that a model can learn what its
        graph's silence means.

    Raises:
        DataError: the graph has too few facts of the relations that claims are made of, or so
            few sentences are asked for that none is made.
    """
    for key, size in (("train", num_train), ("valid", num_valid), ("test", num_test)):
        check.whole(f"claims.num_{key}", size, 0, 10_000_000)
    maker = _Maker(graph, seed)
    third = num_test // 6
    documents = [
        *maker.documents("test", REMOVED, third),
        *maker.documents("test", SEEN, third),
        *maker.documents("test", UNSEEN, third),
        *maker.documents("valid", SEEN, num_valid // 2),
        *maker.documents("train", UNKNOWN, num_train // 10),
        *maker.documents("train", TRAINING, num_train // 2 - num_train // 10),
    ]
    if not documents and num_train + num_valid + num_test:
        raise DataError(
            "claims: num_train, num_valid and num_test must be large enough for a sentence of each "
            f"relation; got {num_train}, {num_valid} and {num_test}, which make none. Ask for more."
        )
    order = np.random.default_rng([seed, 5]).permutation(len(documents))
    return Corpus(tuple(documents[i] for i in order))


def removed(graph: Graph, *, seed: int = 0, num_facts: int = NUM_REMOVED) -> Removed:
    """Take a sample of facts out of the graph, so that claims about them ask to generalise.

    With a fact go its inverse, its near repeats and all else that the graph says of the two
    entities together: what is left links the two of a removed fact no more than the two of a
    false sentence. Entities keep at least two other facts each, and their ids.

    Args:
        graph: the whole graph.
        seed: the one given to `claims`.
        num_facts: how many claimable facts to take, about.

    Returns:
        The smaller graph, to embed, and the rows taken out.
    """
    rng = np.random.default_rng([seed, 3])
    facts = [f for f in _claimable(graph) if f.h != f.t]
    by_relation = _by(facts, lambda f: f.r)
    limits = {r: int(REMOVED_SHARE * len(found)) for r, found in by_relation.items()}
    degree = graph.degree().copy()
    rows: dict[int, None] = {}
    for r, quota in _fill_up(limits, num_facts).items():
        found = by_relation[r]
        taken = 0
        for i in rng.permutation(len(found)).tolist():
            fact = found[i]
            near = _between(graph, fact.h, fact.t)
            left = min(degree[fact.h], degree[fact.t]) - len(near)
            if taken == quota:
                break
            if left < 2 or fact.row in rows:
                continue
            degree[[fact.h, fact.t]] -= len(near)
            rows.update(dict.fromkeys(near))
            taken += 1
    kept = np.ones(graph.num_facts, dtype=bool)
    kept[list(rows)] = False
    return Removed(graph.select(kept), np.array(sorted(rows), dtype=np.int64))


def _between(graph: Graph, a: int, b: int) -> list[int]:
    """Return the rows of all facts about two entities together."""
    both = np.intersect1d(graph.neighbours(a), graph.neighbours(b)).tolist()
    return [row for row in both if _pair(*graph.triples[row, [0, 2]].tolist()) == _pair(a, b)]


def _pair(a: int, b: int) -> Pair:
    return (a, b) if a < b else (b, a)


def _by(items: Iterable[V], key: Callable[[V], K]) -> dict[K, list[V]]:
    grouped: dict[K, list[V]] = {}
    for item in items:
        grouped.setdefault(key(item), []).append(item)
    return grouped


def _fill_up(limits: Mapping[K, int], total: int) -> dict[K, int]:
    """Share a total out as evenly as the limits allow.

    >>> _fill_up({"a": 1, "b": 9, "c": 9}, 9)
    {'a': 1, 'b': 4, 'c': 4}
    """
    shares, left = {}, total
    for num_open, (key, limit) in zip(
        range(len(limits), 0, -1), sorted(limits.items(), key=lambda kv: kv[1]), strict=True
    ):
        shares[key] = min(limit, left // num_open)
        left -= shares[key]
    return shares


def _claimable(graph: Graph) -> list[_Fact]:
    """Return the facts that a sentence can state, one direction of each symmetric one."""
    facts, seen = [], set()
    relations = {r: label for r, label in enumerate(graph.relations) if label in ENGLISH}
    phrases = {e: phrase(graph, e) for e in np.unique(graph.triples[:, [0, 2]]).tolist()}
    num_heads = Counter(map(tuple, graph.triples[:, 1:].tolist()))
    heads = _by(np.unique(graph.triples[:, :2], axis=0).tolist(), lambda pair: pair[1])
    for row, (h, r, t) in enumerate(graph.triples.tolist()):
        label = relations.get(r)
        names = phrases[h], phrases[t]
        if label is None or h == t or names[0] is None or names[1] is None:
            continue
        if num_heads[r, t] > COMMON_SHARE * len(heads[r]):
            continue
        key = (r, *_pair(h, t)) if label in SYMMETRIC else (r, h, t)
        if key in seen or alike(names[0].text, names[1].text):
            continue
        seen.add(key)
        is_water = label == "river_mouth" and not {"country", "territory"} & set(graph.types_of(t))
        facts.append(_Fact(row, h, r, t, "river_mouth into water" if is_water else label))
    return facts


class _Maker:
    """Sentences of one graph and seed; remembers which pairs each split has used."""

    def __init__(self, graph: Graph, seed: int) -> None:
        self.graph = graph
        self.rng = np.random.default_rng([seed, 4])
        facts = _claimable(graph)
        if len(facts) < MIN_FACTS:
            raise DataError(
                f"claims: the graph must hold at least {MIN_FACTS} facts that sentences can "
                f"state (relations {', '.join(list(ENGLISH)[:4])} ...); got {len(facts)}. "
                'Use Graph.load("atlas") or a graph with these relation labels.'
            )
        self.known: dict[Pair, set[str]] = {}
        for h, r, t in graph.triples.tolist():
            self.known.setdefault(_pair(h, t), set()).add(graph.relations[r])
        gone = set(removed(graph, seed=seed).rows.tolist())
        self.owner = self._owners(gone)
        pools = _by(facts, lambda f: self.owner[f.pair])
        held = pools.get("test", [])
        self.pools = {
            REMOVED: [f for f in pools.get(REMOVED, []) if f.row in gone],
            TRAINING: [f for f in pools.get("train", []) if f.row not in gone],
            UNKNOWN: [f for f in pools.get("train", []) if f.row in gone],
            "valid": pools.get("valid", []),
            SEEN: held[::2],
            UNSEEN: held[1::2],
        }
        self.kin = {r: group for group in KIN for r in group}
        self.phrases: dict[tuple[int, str], Phrase | None] = {}
        self.used: set[tuple[int, int, int]] = set()
        self.paraphrases = self._paraphrases()

    def _owners(self, gone: set[int]) -> dict[Pair, str]:
        """Give each pair of entities with a fact to one split, or to the removed facts."""
        out = sorted({_pair(*self.graph.triples[row, [0, 2]].tolist()) for row in gone})
        is_shown = self.rng.random(len(out)) < UNKNOWN_SHARE
        owner = {
            pair: "train" if shown else REMOVED
            for pair, shown in zip(out, is_shown.tolist(), strict=True)
        }
        pairs = [pair for pair in self.known if pair not in owner]
        bounds = np.cumsum(list(SPLIT_SHARES.values()))
        which = np.searchsorted(bounds, self.rng.random(len(pairs)), side="right")
        splits = (*SPLIT_SHARES, "train")
        owner.update({pair: splits[i] for pair, i in zip(pairs, which.tolist(), strict=True)})
        return owner

    def _paraphrases(self) -> dict[tuple[str, str, bool], list[int]]:
        """Return paraphrase numbers by language, statement and whether they are held out."""
        found = {}
        for language, table in STATEMENTS.items():
            for statement, ways in table.items():
                order = self.rng.permutation(len(ways)).tolist()
                num_out = max(1, len(ways) // 4)
                found[language, statement, True] = sorted(order[:num_out])
                found[language, statement, False] = sorted(order[num_out:])
        return found

    def documents(self, split: str, kind: str, num_facts: int) -> Iterator[Document]:
        """Yield a true and a false sentence for each of about `num_facts` facts."""
        pool = self.pools["valid" if split == "valid" else kind]
        by_statement = _by(pool, lambda f: f.statement)
        quotas = _fill_up({s: len(found) for s, found in by_statement.items()}, num_facts)
        chosen: list[tuple[_Fact, str]] = []
        for statement, found in by_statement.items():
            order = self.rng.permutation(len(found))[: quotas[statement]]
            chosen += [(found[i], self._language(found[i])) for i in order.tolist()]
        is_near = kind not in (REMOVED, UNKNOWN)
        groups = _by(
            chosen,
            lambda c: (
                c[0].statement,
                c[1],
                self.graph.types_of(c[0].t)[:1],
                self._home(c[0]) if is_near else (),
            ),
        )
        owner = REMOVED if kind == REMOVED else split
        for (_, language, *_), group in groups.items():
            yield from self._group([f for f, _ in group], language, (split, kind, owner))

    def _language(self, fact: _Fact) -> str:
        if fact.statement not in CHINESE or self.rng.random() >= CHINESE_SHARE:
            return "en"
        h, t = self._text(fact.h, "zh"), self._text(fact.t, "zh")
        return "zh" if h and t and not alike(h, t) else "en"

    def _home(self, fact: _Fact) -> tuple[int, ...]:
        """Return the continent of the first end that has one."""
        r = self.graph.relations.get("continent")
        if r is None:
            return ()
        return self.graph.tails(fact.h, r)[:1] or self.graph.tails(fact.t, r)[:1]

    def _group(
        self, facts: list[_Fact], language: str, where: tuple[str, str, str]
    ) -> Iterator[Document]:
        """Exchange the tails of facts of one relation, and put all into words."""
        split, kind, owner = where
        given = exchange(
            len(facts), lambda i, j: self._is_false(facts[i], facts[j].t, language, owner), self.rng
        )
        for i, j in given.items():
            fact, wrong = facts[i], facts[j].t
            self.owner.setdefault(_pair(fact.h, wrong), owner)
            self.used.add((fact.h, fact.r, wrong))
            ways = self.paraphrases[language, fact.statement, kind == UNSEEN]
            number = ways[int(self.rng.integers(len(ways)))]
            meta = {
                "relation": self.graph.relations[fact.r],
                "paraphrase": f"{language}/{fact.statement}/{number}",
                "language": language,
                "kind": kind,
                "fact": str(fact.row),
            }
            for label, t in (("true", fact.t), ("false", wrong)):
                h_name, t_name = self._phrase(fact.h, language), self._phrase(t, language)
                if h_name is None or t_name is None:
                    continue
                way = STATEMENTS[language][fact.statement][number]
                sentence = fill(way, (fact.h, h_name), (t, t_name))
                yield Document(
                    id=f"claim-{fact.row}-{label}",
                    text=sentence.text,
                    language=language,
                    label=label,
                    split=split,
                    mentions=sentence.mentions,
                    meta=meta,
                )

    def _phrase(self, entity: int, language: str) -> Phrase | None:
        key = entity, language
        if key not in self.phrases:
            self.phrases[key] = phrase(self.graph, entity, language=language)
        return self.phrases[key]

    def _text(self, entity: int, language: str) -> str:
        found = self._phrase(entity, language)
        return found.text if found else ""

    def _is_false(self, fact: _Fact, t: int, language: str, owner: str) -> bool:
        """Say whether a tail makes a false sentence which no other split touches."""
        pair = _pair(fact.h, t)
        relation = self.graph.relations[fact.r]
        if t in (fact.h, fact.t) or (fact.h, fact.r, t) in self.used:
            return False
        if self.owner.get(pair, owner) != owner:
            return False
        if self.known.get(pair, set()) & (self.kin.get(relation, frozenset()) | {relation}):
            return False
        name = self._text(t, language)
        if alike(self._text(fact.h, language), name):
            return False
        if relation not in LISTS:
            return True
        true = (self._text(x, language) for x in self.graph.tails(fact.h, fact.r))
        return not any(x and holds(x, name) for x in true)
