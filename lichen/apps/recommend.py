"""Recommend items from what people like and what a graph knows of the items, with reasons."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
import torch

from lichen.apps.recommend_factors import (
    FactorConfig,
    Floats,
    Lists,
    factorise,
    solve,
    solve_items,
)
from lichen.apps.recommend_facts import Fact, ItemFacts
from lichen.apps.recommend_interactions import Interactions
from lichen.base import check
from lichen.base.config import from_mapping
from lichen.base.errors import DataError
from lichen.data.graph import Graph, Ids
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.artifact import read_artifact, write_artifact

log = logging.getLogger(__name__)

KIND = "recommender"
MAX_PATHS = 3
"""Paths that a reason shows."""
ARRAYS = ("item_vectors", "entity_vectors", "gram", "typical")


@dataclass(frozen=True)
class Reason:
    """What one liked item adds to the score of a recommended one."""

    liked: str
    weight: float
    """Its part of the score. The parts of all liked items and of the typical user sum to it."""
    num_people: int
    """Known users who like both."""
    paths: tuple[tuple[Fact, ...], ...]
    """Facts that lead from the liked item to the recommended one, through what both share."""

    def __str__(self) -> str:
        """Show it as a line."""
        people = {0: "", 1: "1 person likes both"}
        parts = [people.get(self.num_people, f"{self.num_people} people like both")]
        parts += [", ".join(map(str, path)) for path in self.paths]
        return f"{self.liked} ({self.weight:+.2f}): {'; '.join(filter(None, parts)) or 'taste'}"


@dataclass(frozen=True)
class Recommendation:
    """An item for a user, with its score and the reasons, the weightiest first."""

    item: str
    score: float
    reasons: tuple[Reason, ...]

    def __str__(self) -> str:
        """Show the item and its reasons as lines."""
        return "\n  ".join([f"{self.item} ({self.score:.2f})", *map(str, self.reasons)])


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Recommender:
    """Items for users; make one with `fit` or `load`.

    A user is a vector that follows exactly from the items liked, so people who were never
    trained on are served from a few likes; an item that nobody knows is placed by its facts.
    """

    users: Vocabulary
    items: Vocabulary
    likes: Lists
    """Item ids of each user."""
    facts: ItemFacts
    item_vectors: Floats
    """`(items, dim)`."""
    entity_vectors: Floats
    """`(entities, dim)`."""
    gram: Floats
    """`(dim, dim)`: the unknown cells in the equations of an item."""
    weight: float
    """Sum of the weights of an item's unknown cells."""
    typical: Floats
    """`(dim,)`: towards which users are drawn, a part of the mean user."""
    config: FactorConfig

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        graph: Graph | None = None,
        *,
        items: Iterable[str] = (),
        config: FactorConfig | None = None,
    ) -> Self:
        """Learn from likes, and from the facts of a graph that touch the items.

        Pairs with label 0 say which users and items exist, nothing else: whether a user dislikes
        them or was never shown them is not known.

        Args:
            interactions: who likes what.
            graph: its entities are items where the labels are equal; None uses no facts.
            items: further items to recommend, which nobody has been seen with.
            config: widths and weights.

        Raises:
            DataError: nobody likes anything, the graph is empty, or it names no item.
        """
        config = config or FactorConfig()
        liked = interactions.pairs[interactions.labels == 1]
        if not len(liked):
            raise DataError(
                f"recommend.fit: at least one pair must have the label 1; all {len(interactions)} "
                "have 0. Give what users like, too."
            )
        known = Vocabulary(dict.fromkeys((*interactions.items, *items)), what="item")
        facts = ItemFacts.none() if graph is None else ItemFacts.of(graph, known)
        likes = Lists.of(liked[:, 0], liked[:, 1], num_rows=len(interactions.users))
        found = factorise(likes, facts.items_of(), num_items=len(known), config=config)
        made = cls(
            users=interactions.users,
            items=known,
            likes=likes,
            facts=facts,
            item_vectors=found.items,
            entity_vectors=found.entities,
            gram=found.gram,
            weight=found.weight,
            typical=found.typical,
            config=config,
        )
        if graph is not None and made.num_without_facts:
            log.info("%d of %d items share no fact", made.num_without_facts, len(known))
        return made

    def __repr__(self) -> str:
        """Show the sizes."""
        return (
            f"Recommender({len(self.users)} users, {len(self.items)} items, "
            f"{self.num_without_facts} of them without a shared fact)"
        )

    @property
    def num_without_facts(self) -> int:
        """Count the items that the graph lacks, or gives no fact that another item shares."""
        return len(self.items) - len(np.unique(self.facts.rows[:, 0]))

    def scores(self, user: str | Sequence[str], items: Iterable[str] | None = None) -> Floats:
        """Return how well items suit a user; higher is better.

        Args:
            user: a known user, or the items that a new one likes.
            items: labels; None is all, in the order of `items`.

        Returns:
            `(items,)` scores, near 1 for what the user surely likes.

        Raises:
            DataError: a user or an item is unknown, or a new user likes nothing.
        """
        vector = self._placed(self._liked(user))
        if items is None:
            return self.item_vectors @ vector
        return self.item_vectors[self.items.ids(items)] @ vector

    def score_pairs(self, pairs: Interactions) -> Floats:
        """Return the score of each pair, `(pairs,)`; its labels are not looked at.

        Raises:
            DataError: a user or an item is unknown.
        """
        users, items = self.users.ids(pairs.users), self.items.ids(pairs.items)
        rows, columns = users[pairs.pairs[:, 0]], items[pairs.pairs[:, 1]]
        scores: Floats = np.einsum("pd,pd->p", self.vectors[rows], self.item_vectors[columns])
        return scores

    def recommend(
        self,
        user: str | Sequence[str],
        k: int = 10,
        *,
        hide: Iterable[str] = (),
        max_reasons: int = 3,
    ) -> tuple[Recommendation, ...]:
        """Return the items that suit a user best and why, without those already liked.

        Args:
            user: a known user, or the items that a new one likes.
            k: how many; fewer come when fewer are left.
            hide: further items to leave out.
            max_reasons: liked items to name; only those that raise the score are named.

        Raises:
            ConfigError: `k` is below 1.
            DataError: a user or an item is unknown, or a new user likes nothing.
        """
        check.whole("recommend.k", k, 1, 1_000_000_000)
        liked = self._liked(user)
        scores = self.item_vectors @ self._placed(liked)
        scores[liked] = scores[self.items.ids(hide)] = -np.inf
        best = np.argsort(-scores, kind="stable")[:k]
        best = best[np.isfinite(scores[best])]
        parts = self._parts(liked, best)
        return tuple(
            Recommendation(
                self.items[item], float(scores[item]), self._reasons(liked, item, part, max_reasons)
            )
            for item, part in zip(best.tolist(), parts, strict=True)
        )

    def with_items(self, graph: Graph, items: Sequence[str]) -> Recommender:
        """Return this recommender with newcomers, placed by their facts; nothing is trained.

        Args:
            graph: holds facts about them.
            items: their labels.

        Raises:
            DataError: one is known already, or has no fact with an entity that items share.
        """
        for label in items:
            if label in self.items:
                raise DataError(f"with_items: items must be new; {label!r} is known. Leave it out.")
        newcomers = Vocabulary(items, what="item")
        entities, facts = self.facts.placed(graph, newcomers)
        vectors = solve_items(
            entities, self.entity_vectors, gram=self.gram, weight=self.weight, config=self.config
        )
        facts.rows[:, 0] += len(self.items)
        rows = np.concatenate([self.facts.rows, facts.rows])
        return replace(
            self,
            items=Vocabulary((*self.items, *newcomers), what="item"),
            facts=ItemFacts(facts.entities, facts.relations, rows),
            item_vectors=np.concatenate([self.item_vectors, vectors]),
        )

    def save(self, folder: str | Path) -> Path:
        """Write everything to a folder; no pickle."""
        arrays = {name: getattr(self, name) for name in ARRAYS}
        arrays |= {"offsets": self.likes.offsets, "likes": self.likes.ids, "facts": self.facts.rows}
        labels = {
            "users": self.users.labels,
            "items": self.items.labels,
            "entities": self.facts.entities.labels,
            "relations": self.facts.relations.labels,
        }
        write_artifact(
            Path(folder),
            kind=KIND,
            tensors={name: torch.tensor(array) for name, array in arrays.items()},
            documents={"labels": labels, "config": asdict(self.config), "weight": self.weight},
        )
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what `save` wrote.

        Raises:
            ArtifactError: the folder is incomplete, changed, or holds something else.
        """
        tensors, documents = read_artifact(Path(folder), kind=KIND)
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        labels = documents["labels"]
        entities = Vocabulary(labels["entities"], what="entity")
        relations = Vocabulary(labels["relations"], what="relation")
        return cls(
            users=Vocabulary(labels["users"], what="user"),
            items=Vocabulary(labels["items"], what="item"),
            likes=Lists(arrays["offsets"], arrays["likes"]),
            facts=ItemFacts(entities, relations, arrays["facts"]),
            weight=float(documents["weight"]),
            config=from_mapping(FactorConfig, documents["config"]),
            **{name: arrays[name] for name in ARRAYS},
        )

    @cached_property
    def vectors(self) -> Floats:
        """Return the vectors of the known users, `(users, dim)`."""
        return self._solved(self.likes)

    @cached_property
    def _item_gram(self) -> Floats:
        return self.item_vectors.T @ self.item_vectors

    @cached_property
    def _liked_by(self) -> Lists:
        users = np.repeat(np.arange(len(self.likes)), self.likes.counts)
        return Lists.of(self.likes.ids, users, num_rows=len(self.items))

    @property
    def _unknown(self) -> float:
        return self.config.per_item(len(self.items))[0]

    def _solved(self, likes: Lists) -> Floats:
        return solve(
            likes,
            self.item_vectors,
            gram=self._item_gram,
            unknown=np.full(len(likes), self._unknown),
            prior=np.tile(self.typical, (len(likes), 1)),
            config=self.config,
        )

    def _liked(self, user: str | Sequence[str]) -> Ids:
        if isinstance(user, str):
            return self.likes[self.users.id(user)]
        if not len(user):
            raise DataError(
                "recommend.user must be a known user or at least one item that a new user likes; "
                "got an empty list. Name an item."
            )
        return np.unique(self.items.ids(user))

    def _placed(self, liked: Ids) -> Floats:
        vector: Floats = self._solved(Lists(np.array([0, len(liked)]), liked))[0]
        return vector

    def _parts(self, liked: Ids, items: Ids) -> Floats:
        """Return what each liked item adds to the score of each item, `(items, liked)`.

        A user's vector solves a linear equation whose right side is the sum of the liked items'
        vectors and the typical user's, so each of these has its own share of the solution.
        """
        unknown, mine = self._unknown, self.item_vectors[liked]
        ridge = self.config.ridge * (len(liked) + unknown * len(self.items)) ** 0.5
        matrix = mine.T @ mine + unknown * self._item_gram + ridge * np.eye(len(self.typical))
        parts: Floats = self.item_vectors[items] @ np.linalg.solve(matrix, mine.T)
        return parts

    def _reasons(
        self, liked: Ids, item: int, parts: Floats, max_reasons: int
    ) -> tuple[Reason, ...]:
        order = np.argsort(-parts, kind="stable")[:max_reasons]
        return tuple(
            Reason(
                self.items[other],
                float(parts[place]),
                len(np.intersect1d(self._liked_by[other], self._liked_by[item])),
                self._paths(other, item),
            )
            for place, other in zip(order.tolist(), liked[order].tolist(), strict=True)
            if parts[place] > 0
        )

    def _paths(self, first: int, second: int) -> tuple[tuple[Fact, ...], ...]:
        names = (self.items[first], self.items[second])
        return tuple(islice(self.facts.paths(first, second, names), MAX_PATHS))
