"""A mention in its text and the entities it may mean -> how likely each is.

The text encoder stays as it is. What it makes of the mention is compared with what it makes of
each entity's definition and of its neighbours' definitions, by a few matrices that are learned
from the graph's own descriptions (`lichen.linking.lessons`): no annotated text is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from lichen.base import check
from lichen.base.errors import DataError
from lichen.data.corpus import Span
from lichen.data.graph import Graph
from lichen.linking.lessons import Lesson, definition
from lichen.lm.span_states import Place, SpanStates

NUM_NAMES = 4
"""Of an entity's names, how many stand before its definition."""
SCALE = 15.0
"""What cosines are multiplied with before anything is learned."""


@dataclass(frozen=True, kw_only=True)
class SenseConfig:
    """How a `SenseRanker` looks at the graph, and how it learns."""

    max_tails: int = 1
    """Neighbours of an entity read for each relation; 0 leaves the facts unread."""
    epochs: int = 3
    """Passes over the lessons."""
    learning_rate: float = 3e-4
    """Of Adam, falling to 0."""
    decay: float = 0.01
    """Pull of the matrices towards 0, a step."""
    dropout: float = 0.1
    """Share of the numbers hidden while learning."""
    batch_size: int = 256
    """Lessons a step."""
    max_wrong: int = 7
    """Wrong candidates a lesson is learned against."""
    max_each: int = 8
    """Lessons of one name and entity; more of the same teach little."""
    held_out: float = 0.1
    """Share of the names whose lessons weigh the prior against the context instead."""

    def __post_init__(self) -> None:
        """Refuse values that could only fail later, deep inside a run."""
        check.whole("sense.max_tails", self.max_tails, 0, 10_000)
        check.whole("sense.epochs", self.epochs, 0, 10_000)
        check.between("sense.learning_rate", self.learning_rate, 0.0, 1.0)
        check.between("sense.decay", self.decay, 0.0, 100.0)
        check.between("sense.dropout", self.dropout, 0.0, 0.9)
        check.whole("sense.batch_size", self.batch_size, 1, 1_000_000)
        check.whole("sense.max_wrong", self.max_wrong, 1, 10_000)
        check.whole("sense.max_each", self.max_each, 1, 1_000_000)
        check.between("sense.held_out", self.held_out, 0.0, 0.9)


class Ambiguous(NamedTuple):
    """A stretch of a text, and the entities it may mean."""

    text: str
    span: Span
    candidates: tuple[int, ...]
    """The most usual first, where that is known."""
    counts: tuple[float, ...] = ()
    """How often each candidate was met as this name; empty where nobody counted."""


class Table(NamedTuple):
    """Definitions of some entities and of their neighbours, as vectors."""

    row: dict[int, int]
    """Entity id to its row."""
    own: Tensor
    """`(entities, dim)`: each one's definition."""
    starts: Tensor
    """`(entities + 1,)`: where each one's rows of `near` begin."""
    relations: Tensor
    """`(pairs,)`: the relation of each row of `near`."""
    near: Tensor
    """`(pairs, dim)`: mean definition of an entity's neighbours by one relation."""


class SenseRanker(nn.Module):
    """Rank the entities that a mention may mean by its context and the graph.

    A query is one matrix times the mention's states in the encoder's last layers and the mean
    of its text. A key is one matrix times the entity's definition plus, for each relation, a
    learned share of the mean definition of the neighbours. Their cosine, times a learned scale,
    is the score; a prior by the candidates' order joins it with a weight found on names that
    were not learned from. Where a mention tells how often each candidate was met, the prior is
    the logarithm of that count plus one, by Bayes' rule of weight one, and the order is not read.

    Use where several entities share a name and have descriptions. `Linker` finds the mentions
    and their candidates; without descriptions its clues are all there is.

    Args:
        graph: whose entities are told apart.
        states: gives what the text encoder makes of stretches of text.
        config: limits and settings of learning.

    Cost: one encoder pass a text and a definition, kept by `states`; then one
    `((layers + 1) * dim, dim)` product a mention and one `(dim, dim)` product a candidate.
    """

    PAPER = "Blevins and Zettlemoyer, 2020, arXiv:2005.02590 (two encoders; here frozen)"

    def __init__(
        self, graph: Graph, states: SpanStates, *, config: SenseConfig | None = None
    ) -> None:
        super().__init__()
        self.graph = graph
        self.states = states
        self.config = config or SenseConfig()
        rows, dim = states.shape
        self.query = nn.Linear(rows * dim, dim, bias=False)
        self.key = nn.Linear(dim, dim, bias=False)
        self.shares = nn.Parameter(torch.zeros(max(graph.num_relations, 1)))
        self.log_scale = nn.Parameter(torch.tensor(SCALE).log())
        self.dropout = nn.Dropout(self.config.dropout)
        with torch.no_grad():  # before it learns, a mention's last state is compared as it is
            self.query.weight.zero_()
            self.query.weight[:, (rows - 2) * dim : (rows - 1) * dim] = torch.eye(dim)
            self.key.weight.copy_(torch.eye(dim))
        self.context_weight = 1.0
        """Of the score, in the logarithm of the odds."""
        self.prior_weight = 0.0
        """Of the logarithm of a candidate's place in the order, which counts against it."""

    def probabilities(self, mentions: Sequence[Ambiguous | Lesson]) -> list[NDArray[np.float64]]:
        """Return how likely each candidate of each mention is, prior included.

        Args:
            mentions: each with one candidate or more.

        Returns:
            One `(candidates,)` array a mention, which sums to 1.

        Raises:
            DataError: a mention has no candidate, or one that is no entity of the graph.
        """
        return [
            self.weighed(scores, getattr(mention, "counts", ()))
            for mention, scores in zip(mentions, self.scores(mentions), strict=True)
        ]

    def weighed(
        self, scores: NDArray[np.float64], counts: Sequence[float] = ()
    ) -> NDArray[np.float64]:
        """Return how likely each candidate is by its score and how usual it is.

        Args:
            scores: `(candidates,)` of one mention, the most usual candidate first.
            counts: how often each candidate was met, read in place of the order; may be empty.

        Raises:
            DataError: there are not as many counts as candidates, or one is below 0.
        """
        if len(counts):
            check_counts(counts, len(scores))
            prior = np.log1p(np.asarray(counts, dtype=float))
        else:
            prior = -self.prior_weight * np.log1p(np.arange(len(scores)))
        logits = self.context_weight * scores + prior
        odds = np.exp(logits - logits.max())
        return np.asarray(odds / odds.sum())

    @torch.no_grad()
    def scores(self, mentions: Sequence[Ambiguous | Lesson]) -> list[NDArray[np.float64]]:
        """Return how well each candidate of each mention fits its context, prior left out.

        Args:
            mentions: each with one candidate or more.

        Returns:
            One `(candidates,)` array a mention.

        Raises:
            DataError: a mention has no candidate, or one that is no entity of the graph.
        """
        if not mentions:
            return []
        table = self.table(e for mention in mentions for e in mention.candidates)
        for mention in mentions:
            if not mention.candidates:
                stretch = mention.text[mention.span.start : mention.span.end]
                raise DataError(
                    f"a mention must have at least one candidate; {stretch!r} has none. Leave it "
                    "out, or give it candidates."
                )
        was_training = self.training
        self.eval()
        keys = self.keys(table, torch.arange(len(table.own)))
        queries = self.queries(self.read(mentions))
        self.train(was_training)
        scale = float(self.log_scale.exp())
        return [
            (keys[[table.row[e] for e in mention.candidates]] @ query).double().numpy() * scale
            for mention, query in zip(mentions, queries, strict=True)
        ]

    def read(self, mentions: Sequence[Ambiguous | Lesson]) -> Tensor:
        """Return `(mentions, (layers + 1) * dim)`: what the encoder makes of each."""
        found = self.states.get([(mention.text, mention.span) for mention in mentions])
        return torch.from_numpy(found.reshape(len(mentions), -1))

    def queries(self, states: Tensor) -> Tensor:
        """Return `(mentions, dim)` unit rows from what `read` gives."""
        return normalize(self.query(self.dropout(states.float())), dim=-1)

    def keys(self, table: Table, rows: Tensor) -> Tensor:
        """Return `(rows, dim)` unit rows: the entities as mentions are compared with them.

        Args:
            table: of the entities.
            rows: `(rows,)` which of them.
        """
        own = table.own[rows].float()
        counts = table.starts[rows + 1] - table.starts[rows]
        owner = torch.repeat_interleave(torch.arange(len(rows)), counts)
        if len(owner):
            first = torch.cumsum(counts, 0) - counts
            pairs = table.starts[rows][owner] + torch.arange(len(owner)) - first[owner]
            shares = self.shares[table.relations[pairs]].unsqueeze(-1)
            own = own.index_add(0, owner, shares * table.near[pairs].float())
        return normalize(self.key(self.dropout(own)), dim=-1)

    def table(self, entities: Iterable[int]) -> Table:
        """Return the vectors of some entities and of their neighbours.

        Args:
            entities: ids, repeats allowed.

        Raises:
            DataError: one is no entity of the graph.
        """
        ids = sorted(set(entities))
        near = [self._neighbours(e) for e in ids]
        everyone = sorted({*ids, *(t for x in near for tails in x.values() for t in tails)})
        found = self.states.get([self.line(e) for e in everyone])[:, -1]
        place = {e: i for i, e in enumerate(everyone)}
        pairs = [(r, tails) for x in near for r, tails in x.items()]
        means = np.zeros((len(pairs), found.shape[-1]), dtype=np.float16)
        for i, (_, tails) in enumerate(pairs):
            means[i] = found[[place[t] for t in tails]].mean(0)
        counts = torch.tensor([0, *(len(x) for x in near)])
        return Table(
            {e: i for i, e in enumerate(ids)},
            torch.from_numpy(found[[place[e] for e in ids]]),
            torch.cumsum(counts, 0),
            torch.tensor([r for r, _ in pairs], dtype=torch.long),
            torch.from_numpy(means),
        )

    def line(self, entity: int) -> Place:
        """Return an entity's names and definition as a text, and where the names stand."""
        label, *rest = self.graph.names_of(entity)
        names = ", ".join(rest[:NUM_NAMES]) or label
        about = definition(self.graph.descriptions.get(entity, ""))
        return f"{names}: {about}" if about else names, Span(0, len(names))

    def _neighbours(self, entity: int) -> dict[int, list[int]]:
        """Return the first tails of an entity's facts, by relation."""
        found: dict[int, list[int]] = {}
        for h, r, t in self.graph.triples[self.graph.neighbours(entity)].tolist():
            tails = found.setdefault(r, []) if h == entity and t != entity else []
            if len(tails) < self.config.max_tails:
                tails.append(t)
        return {r: tails for r, tails in found.items() if tails}


def check_counts(counts: Sequence[float], num_candidates: int) -> None:
    """Refuse counts that do not tell of each candidate how often it was met."""
    if len(counts) != num_candidates or not all(0 <= x < np.inf for x in counts):
        raise DataError(
            f"counts must hold a number of 0 or more for each of {num_candidates} candidates; "
            f"got {list(counts)}. Leave them out where nobody counted."
        )
