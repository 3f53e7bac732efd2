"""What moves in training: entity vectors, relation vectors and the scorer's own weights."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lichen.base.errors import ConfigError
from lichen.embedding.compare import Comparison, HalfDot, all_with_all
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.loss import n3, squares
from lichen.embedding.optimise import (
    load_rows_state,
    load_weights_state,
    make_optimiser,
    weights_state,
)
from lichen.embedding.tables import ComputedEntities, Entities, TableEntities
from lichen.embedding.team import Team
from lichen.lm.text_encoder import has_fast_half

log = logging.getLogger(__name__)

FACTS_AT_ONCE = 256
"""Facts whose ends and relations a processor reads at a time, so that they stay in cache."""
DURA_SHARES = (0.5, 1.5)
"""What entities and what products weigh in DURA."""


class UsedRelations(NamedTuple):
    """The relation vectors that a batch uses."""

    table: Tensor
    """`(used, width)` under autograd."""
    rows: Tensor | None
    """`(used,)` distinct rows of the encoder's table; None is all of them."""
    place: Tensor
    """`(b,)` the row of `table` that each item of the batch uses."""


class Step(ABC):
    """What moves in training, and how a batch moves it.

    Args:
        encoder: what to train.
        config: the settings.
        team: the processes that train it.
    """

    num_items: int
    """What an epoch goes through: queries, or directed facts."""

    def __init__(self, encoder: GraphEncoder, config: EmbeddingConfig, team: Team) -> None:
        self.encoder, self.config, self.team = encoder, config, team
        self.device = encoder.entity_table.device
        rate = config.learning_rate
        self.entities: Entities = (
            TableEntities(encoder, config.optimiser, learning_rate=rate, max_norm=config.max_norm)
            if encoder.is_table
            else ComputedEntities(encoder, learning_rate=rate)
        )
        self.relation_table = encoder.relation_table.detach()
        self.relations = make_optimiser(
            config.optimiser, encoder.relation_table, learning_rate=rate
        )
        self.weights = list(encoder.scorer.parameters())
        kind = torch.optim.Adam if config.optimiser == "adam" else torch.optim.Adagrad
        share = encoder.scorer.weights_rate
        self.scorer_steps = (  # fused: one pass over the weights in place of a dozen
            kind(self.weights, lr=share * rate, fused=self.device.type == "cpu")
            if self.weights
            else None
        )
        self.draw = torch.Generator().manual_seed(config.seed)
        self.drop = torch.Generator().manual_seed(config.seed + team.rank + 1)
        self.comparison: Comparison = encoder.scorer.comparison
        if config.precision == "bfloat16":
            if not self.comparison.is_dot:
                raise ConfigError(
                    "embed.precision must be float32 for a scorer that compares by distance; "
                    "got bfloat16."
                )
            if not has_fast_half(self.device):
                _warn_of_slow_half(str(self.device))
            self.comparison = HalfDot()
        if config.max_norm and not encoder.is_table:
            raise ConfigError(
                "embed.max_norm must be 0 for entity vectors that are computed; got "
                f"{config.max_norm}."
            )
        if config.dura and not (self.comparison.is_dot and encoder.scorer.asks_heads):
            raise ConfigError(
                "embed.dura must be 0 for a scorer that is no product or cannot ask for heads; "
                f"got {config.dura}."
            )

    @abstractmethod
    def __call__(self, batch: Tensor) -> tuple[float, float]:
        """Take one step on some items, `(b,)` numbers -> summed loss, and what it counts."""

    def order(self) -> Tensor:
        """Return the items of one epoch, shuffled."""
        return torch.randperm(self.num_items, generator=self.draw)

    def set_learning_rate(self, learning_rate: float) -> None:
        """Change the step of everything that moves."""
        self.entities.set_learning_rate(learning_rate)
        self.relations.learning_rate = learning_rate
        if self.scorer_steps is not None:
            for group in self.scorer_steps.param_groups:
                group["lr"] = self.encoder.scorer.weights_rate * learning_rate

    def state(self) -> dict[str, Tensor]:
        """Return what a checkpoint must keep beside the encoder's own tensors; all take part."""
        found = {f"entities.{k}": x for k, x in self.entities.state().items()}
        found |= {f"relations.{k}": x for k, x in self.relations.state().items()}
        if self.scorer_steps is not None:
            kept = weights_state(self.scorer_steps, self.weights)
            found |= {f"scorer.{k}": x for k, x in kept.items()}
        drops = self.team.gather(self.drop.get_state())
        return found | {"stream.draw": self.draw.get_state(), "stream.drop": drops}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from such a state."""
        self.entities.load(_part(state, "entities."))
        load_rows_state(self.relations, _part(state, "relations."))
        if self.scorer_steps is not None:
            load_weights_state(self.scorer_steps, self.weights, _part(state, "scorer."))
        self.draw.set_state(state["stream.draw"])
        drop = self.team.own(state["stream.drop"])
        if drop is not None:
            self.drop.set_state(drop)

    def directions(self, relation: Tensor) -> Iterator[tuple[bool, Tensor]]:
        """Part a batch into what asks for tails and what asks for heads by the same relation.

        Yields:
            Whether heads are asked for, and the rows of the batch.
        """
        is_head = relation >= self.encoder.num_relations
        if self.encoder.reciprocal:
            is_head = torch.zeros_like(is_head)
        for asks_heads, rows in ((False, (~is_head).nonzero()), (True, is_head.nonzero())):
            if len(rows):
                yield asks_heads, rows[:, 0]

    def ask(self, known: Tensor, table: Tensor, rows: Tensor, *, asks_heads: bool) -> Tensor:
        """Return the queries of known entities and rows of a relation table, dropout applied."""
        known, table = self.dropped(known), self.dropped(table)
        if asks_heads:
            return self.encoder.scorer.head_queries(table, rows, known)
        return self.encoder.scorer.tail_queries(known, table, rows)

    def candidates(self, vectors: Tensor, *, asks_heads: bool) -> Tensor:
        """Return the side of entity vectors that queries meet, as a view."""
        scorer = self.encoder.scorer
        return scorer.as_heads(vectors) if asks_heads else scorer.as_tails(vectors)

    def read_relations(self, relation: Tensor) -> UsedRelations:
        """Return the relation vectors of a batch: all of them where relations are told apart."""
        rows = relation if self.encoder.reciprocal else relation % self.encoder.num_relations
        if self.config.relation_weight:
            return UsedRelations(self.relation_table.detach().requires_grad_(), None, rows)
        distinct, place = torch.unique(rows, return_inverse=True)
        used = self.relation_table.index_select(0, distinct).requires_grad_()
        return UsedRelations(used, distinct, place)

    def dropped(self, vectors: Tensor) -> Tensor:
        """Drop coordinates, by this process's own random stream."""
        share = self.config.dropout
        if not share:
            return vectors
        kept = torch.rand(vectors.shape, generator=self.drop) >= share
        return vectors * (kept.to(vectors) / (1 - share))

    def penalty(
        self, vectors: Tensor, weights: Tensor, moduli: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Return N3 and L2 of some rows, summed with the rows' weights."""
        total = vectors.new_zeros(())
        if self.config.n3:
            total = total + self.config.n3 * n3(moduli(vectors), weights)
        if self.config.l2:
            total = total + self.config.l2 * squares(vectors, weights)
        return total

    def duality(self, end: Tensor, asked: Tensor, weights: Tensor) -> Tensor:
        """Return DURA of one end of some facts, summed with the facts' weights.

        Args:
            end: `(b, entity width)` heads or tails.
            asked: `(b, query width)` what they ask for by the facts' relations.
            weights: `(b,)`

        References:
            Zhang et al., 2020, arXiv:2011.05816, equation 8, with the shares of the authors' code.
        """
        ends, products = DURA_SHARES
        return self.config.dura * (
            ends * squares(end, weights) + products * squares(asked, weights)
        )

    def fact_blocks(self, count: int) -> Iterator[slice]:
        """Part some facts into as many as are read with their ends and relations at a time."""
        scorer = self.encoder.scorer
        size = FACTS_AT_ONCE if self.device.type == "cpu" else max(1, count)
        if self.config.relation_weight and not scorer.is_bilinear:
            size = min(size, scorer.pairs_at_once(len(self.relation_table)))
        for start in range(0, count, size):
            yield slice(start, start + size)

    def relation_loss(
        self, h: Tensor, relation: Tensor, t: Tensor, every: Tensor, weights: Tensor
    ) -> Tensor:
        """Return the cross-entropy of telling relations from entities, summed with weights."""
        scorer = self.encoder.scorer
        if scorer.is_bilinear:
            scores = all_with_all(self.comparison, scorer.interaction(h, t), every)
        else:
            scores = scorer.score_relations(h, t, every)
        told = nn.functional.cross_entropy(scores, relation, reduction="none")
        return self.config.relation_weight * (told * weights).sum()

    def move(self, relations: UsedRelations) -> None:
        """Move relations and the scorer's weights by what autograd left on them."""
        gradient = self._gradient(relations.table)
        if gradient is not None and relations.rows is None:
            self.team.add(gradient)
            self.relations.step(gradient)
        elif gradient is not None and relations.rows is not None:
            rows, gradient = self.team.join(relations.rows, gradient)
            self.relations.step(gradient, rows=rows)
        if self.scorer_steps is not None:
            for weight in self.weights:
                weight.grad = self._gradient(weight)
                if weight.grad is not None:
                    self.team.add(weight.grad)
            self.scorer_steps.step()
            self.scorer_steps.zero_grad(set_to_none=True)

    def _gradient(self, weight: Tensor) -> Tensor | None:
        """Return what autograd left; 0 for a member whose share is empty: all must be added up."""
        if weight.grad is None and self.team.size > 1:
            return torch.zeros_like(weight, requires_grad=False)
        return weight.grad


def _part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): x for k, x in state.items() if k.startswith(prefix)}


@cache
def _warn_of_slow_half(device: str) -> None:
    """Say so once a device, however many runs a search takes there."""
    log.warning(
        "embed.precision is bfloat16, and this machine's %s has no fast products of it: training "
        "may be slower than with float32, and rounds more. Set embed.precision to float32.",
        device,
    )
