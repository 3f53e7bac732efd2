"""A graph and a text's entities to the few facts about each that a fusion method is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ConfigError
from lichen.data.graph import Graph
from lichen.lm.text_encoder import TextEncoder

SELECTIONS = dict.fromkeys(("specific", "pagerank", "relevance"))
"""Ways of choosing facts."""
RESTART, WALKS = 0.15, 12
"""Of personalised PageRank: chance of going back to a seed, and rounds of walking."""
NEAR = 400
"""Facts around a text's entities among which PageRank walks and relevance compares; an entity
with more is a hub."""

Fact = tuple[int, int]
"""Directed relation (r + num_relations when read from the tail) and the other entity."""


class FactSelector:
    """Choose at most `limit` facts about each entity of a text.

    "specific" takes relations in turn, so that each has its say, and of one relation first the
    facts whose other end has the fewest facts itself, so that hubs come last; it depends on the
    entity alone. "pagerank" prefers other ends that a
    walk from all the text's entities reaches often, so what two mentions share comes first.
    "relevance" prefers facts whose wording is near the text, by the text encoder.

    Args:
        graph: the facts; of a graph with splits, its train split.
        limit: facts an entity.
        hops: how many facts away an entity may be; one that is further is told by the last
            relation on the way.
        how: a key of `SELECTIONS`.
        text: the encoder; needed for "relevance".

    Raises:
        ChoiceError: no such way of choosing.
        ConfigError: limit or hops are out of their bounds, or there is no encoder to tell
            relevance.

    References:
        Haveliwala, 2002 (personalised PageRank); Yasunaga et al., 2021, arXiv:2104.06378
        (relevance to the question; differs: by cosine, not by the likelihood of a text).
    """

    def __init__(
        self,
        graph: Graph,
        *,
        limit: int = 8,
        hops: int = 1,
        how: str = "specific",
        text: TextEncoder | None = None,
    ) -> None:
        choose("fusion.select", how, SELECTIONS)
        check.whole("fusion.facts", limit, 1, 1024)
        check.whole("fusion.hops", hops, 1, 3)
        rows = graph.splits.get("train")
        self.graph = graph if rows is None else graph.select(rows)
        if how == "relevance" and text is None:
            raise ConfigError(
                "text must be given to choose facts by relevance; got None. Pass the encoder, or "
                "choose by 'specific' or 'pagerank'."
            )
        self.limit = limit
        self.hops = hops
        self.how = how
        self.text = text
        h, r, t = self.graph.triples.T
        ends, others = np.concatenate([h, t]), np.concatenate([t, h])
        directed = np.concatenate([r, r + graph.num_relations])
        order = np.argsort(ends, kind="stable")
        self._facts = np.stack([directed[order], others[order]], 1)
        self._degree = np.bincount(ends, minlength=graph.num_entities)
        self._starts = np.concatenate([[0], np.cumsum(self._degree)])
        self._specific: dict[int, tuple[Fact, ...]] = {}

    def choose(self, text: str, entities: Sequence[int | None]) -> list[tuple[Fact, ...]]:
        """Return the facts shown about each entity of a text; none for None.

        Args:
            text: the text.
            entities: its mentions' entities.
        """
        linked = sorted({e for e in entities if e is not None})
        if self.how == "specific":
            found = {e: self._most_specific(e) for e in linked}
        elif self.how == "pagerank":
            ranks = self._walk(linked)
            found = {e: self._best(e, lambda other: ranks.get(other, 0.0)) for e in linked}
        else:
            found = self._relevant(text, linked)
        return [() if e is None else found[e] for e in entities]

    def facts_of(self, entity: int) -> list[Fact]:
        """Return the facts within reach of an entity, nearest first, each other end once.

        An other end is told by the relation that leads to it, as directed relation and entity.
        What lies behind a hub is not looked at.
        """
        seen, found, edge = {entity}, [], [entity]
        for _ in range(self.hops):
            reached: list[int] = []
            for node in edge:
                for fact in self._touching(node):
                    if fact[1] not in seen or (node == entity and fact[1] != entity):
                        found.append(fact)
                        reached += [] if fact[1] in seen else [fact[1]]
                        seen.add(fact[1])
            edge = [node for node in reached if self._degree[node] <= NEAR]
        return found[:NEAR]

    def count(self, entity: int, shown: Sequence[Fact]) -> tuple[int, int]:
        """Return how many facts name an entity, and how many of those are not among the shown.

        A fact of an entity with itself counts once; hops and hubs do not matter.
        """
        start, stop = self._starts[entity], self._starts[entity + 1]
        directed, others = self._facts[start:stop].T
        keys = directed * self.graph.num_entities + others
        own = np.unique(keys[(others != entity) | (directed < self.graph.num_relations)])
        told = [relation * self.graph.num_entities + other for relation, other in shown]
        return len(own), len(np.setdiff1d(own, told))

    def _touching(self, entity: int) -> list[Fact]:
        start, stop = self._starts[entity], self._starts[entity + 1]
        return [tuple(fact) for fact in self._facts[start : min(stop, start + NEAR)].tolist()]

    def _most_specific(self, entity: int) -> tuple[Fact, ...]:
        if entity not in self._specific:
            by_relation: dict[int, list[Fact]] = {}
            for fact in self.facts_of(entity):
                by_relation.setdefault(fact[0], []).append(fact)
            for facts in by_relation.values():
                facts.sort(key=lambda fact: (self._degree[fact[1]], fact))
            turns = zip_longest(*by_relation.values())
            taken = [fact for turn in turns for fact in turn if fact is not None]
            self._specific[entity] = tuple(taken[: self.limit])
        return self._specific[entity]

    def _best(self, entity: int, score: Callable[[int], float]) -> tuple[Fact, ...]:
        facts = self.facts_of(entity)
        return tuple(sorted(facts, key=lambda fact: (-score(fact[1]), fact))[: self.limit])

    def _walk(self, seeds: Sequence[int]) -> dict[int, float]:
        """Return how often a walk from the seeds visits each entity around them."""
        if not seeds:
            return {}
        near = self.graph.subgraph(seeds, hops=2, limit=NEAR).triples
        nodes, ends = np.unique(
            np.concatenate([near[:, 0], near[:, 2], np.array(seeds)]), return_inverse=True
        )
        heads, tails = ends[: len(near)], ends[len(near) : 2 * len(near)]
        start = np.bincount(ends[2 * len(near) :], minlength=len(nodes)) / len(seeds)
        degree = np.bincount(np.concatenate([heads, tails]), minlength=len(nodes)).clip(min=1)
        rank: NDArray[np.float64] = start
        for _ in range(WALKS):
            share = rank / degree
            moved = np.bincount(tails, share[heads], minlength=len(nodes))
            moved = moved + np.bincount(heads, share[tails], minlength=len(nodes))
            rank = RESTART * start + (1 - RESTART) * moved
        return dict(zip(nodes.tolist(), rank.tolist(), strict=True))

    def _relevant(self, text: str, entities: Sequence[int]) -> dict[int, tuple[Fact, ...]]:
        assert self.text is not None
        facts = {e: self.facts_of(e) for e in entities}
        told = [self.wording(e, fact) for e in entities for fact in facts[e]]
        if not told:
            return dict.fromkeys(entities, ())
        near = self.text.encode(told) @ self.text.encode([text])[0]
        scored = iter(near.tolist())
        out = {}
        for entity in entities:
            ranked = sorted(((next(scored), fact) for fact in facts[entity]), reverse=True)
            out[entity] = tuple(fact for _, fact in ranked[: self.limit])
        return out

    def wording(self, entity: int, fact: Fact) -> str:
        """Return a fact about an entity as words: head, relation, tail."""
        relation, other = fact
        names = [self.graph.name(entity), self.graph.name(other)]
        if relation >= self.graph.num_relations:
            names.reverse()
        between = self.graph.relation_text(relation % self.graph.num_relations)
        return f"{names[0]} {between} {names[1]}"
