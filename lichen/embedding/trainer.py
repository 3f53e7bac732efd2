"""A graph encoder and its graph to trained vectors, touching only the rows that a step uses."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lichen.base.errors import DataError, LichenError
from lichen.base.progress import track
from lichen.data.graph import Graph, Ids
from lichen.embedding.adagrad import RowAdagrad
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import KnownAnswers, rank_triples
from lichen.embedding.loss import against_all, against_sample, n3

ALL_UP_TO = 2_000
"""Entities up to which `candidates="auto"` compares with all of them."""
CHUNK_SCORES = 8_000_000
"""Scores held at a time when comparing with all entities: 32 MB, and as much for gradients."""


@dataclass(frozen=True, kw_only=True)
class TrainReport:
    """What happened in a training run."""

    epochs: int
    """Passes made."""
    best_epoch: int
    """The pass whose vectors were kept."""
    losses: tuple[float, ...]
    """Mean loss of each pass."""
    valid_mrr: tuple[float, ...]
    """Filtered MRR at each look at the validation split; empty without one."""
    seconds: float

    def __str__(self) -> str:
        """Show the run on one line."""
        loss = f"{self.losses[-1]:.4f}" if self.losses else "none"
        best = f", best valid MRR {max(self.valid_mrr):.4f}" if self.valid_mrr else ""
        return (
            f"{self.epochs} epochs in {self.seconds:.1f} s, last loss {loss}{best}, "
            f"kept epoch {self.best_epoch}"
        )


def train_embedding(
    encoder: GraphEncoder, graph: Graph, *, config: EmbeddingConfig | None = None
) -> TrainReport:
    """Train the vectors on the train split, in place.

    With a "valid" split the vectors of the best filtered MRR are kept and training stops when
    it no longer grows; without one all epochs run. The same seed gives the same vectors on the
    same machine and number of threads.

    Args:
        encoder: what to train.
        graph: the facts; "train" of an unsplit graph is all of them.
        config: the settings; None takes the defaults.

    Returns:
        Losses, validation figures and time.

    Raises:
        DataError: there is no training fact, or the graph is not the encoder's.
        LichenError: the loss is no longer a number.
    """
    settings = config or EmbeddingConfig()
    if graph.entities != encoder.entities or graph.relations != encoder.relations:
        raise DataError(
            f"graph must have the encoder's {encoder.num_entities} entities and "
            f"{encoder.num_relations} relations; got {graph!r} with other labels. "
            "Build the encoder from this graph."
        )
    facts = graph.split("train")
    if len(facts) == 0:
        raise DataError("the train split must hold at least one fact; it is empty.")
    return _Run(encoder, graph, facts, settings).run()


class _Run:
    """One training run: its optimiser, its random stream and its best vectors so far."""

    def __init__(
        self, encoder: GraphEncoder, graph: Graph, facts: Ids, settings: EmbeddingConfig
    ) -> None:
        self.encoder, self.settings = encoder, settings
        h, r, t = facts.T
        reverse = np.stack([t, r + encoder.num_relations, h])
        directed = np.concatenate([facts.T, reverse], axis=1)
        self.facts = torch.from_numpy(directed).to(encoder.entity_table.device)
        self.draw = torch.Generator().manual_seed(settings.seed)
        self.use_all = settings.candidates == "all" or (
            settings.candidates == "auto" and encoder.num_entities <= ALL_UP_TO
        )
        self.entities = RowAdagrad(encoder.entity_table, learning_rate=settings.learning_rate)
        self.relations = RowAdagrad(encoder.relation_table, learning_rate=settings.learning_rate)
        self.known = KnownAnswers(graph.triples, num_relations=encoder.num_relations)
        self.known_in_train = KnownAnswers(facts, num_relations=encoder.num_relations)
        self.valid = self._choose_valid(graph)
        degree = np.bincount(facts[:, [0, 2]].ravel(), minlength=encoder.num_entities)
        weight = (degree + 1.0) ** settings.degree_power
        chance = weight / weight.sum()
        self.cumulated = torch.from_numpy(np.cumsum(chance))
        drawn_once = -np.expm1(settings.negatives * np.log1p(-np.minimum(chance, 1 - 1e-9)))
        self.log_weight = torch.from_numpy(-np.log(drawn_once)).to(encoder.entity_table)

    def _choose_valid(self, graph: Graph) -> Ids | None:
        if "valid" not in graph.splits or len(graph.split("valid")) == 0:
            return None
        rows = graph.split("valid")
        order = np.random.default_rng(self.settings.seed).permutation(len(rows))
        return rows[np.sort(order[: self.settings.valid_limit])]

    def run(self) -> TrainReport:
        started = time.perf_counter()
        losses: list[float] = []
        valid_mrr: list[float] = []
        best_epoch, best, looks_since = 0, -1.0, 0
        kept = self._copy()
        for epoch in track(range(1, self.settings.epochs + 1), what="embedding"):
            losses.append(self._epoch(epoch))
            is_last = epoch == self.settings.epochs
            if self.valid is None or (epoch % self.settings.valid_every and not is_last):
                continue
            valid_mrr.append(self._look(self.valid))
            looks_since += 1
            if valid_mrr[-1] > best:
                best, best_epoch, looks_since, kept = valid_mrr[-1], epoch, 0, self._copy()
            if looks_since >= self.settings.patience:
                break
        if self.valid is None:
            best_epoch = len(losses)
        else:
            self._restore(kept)
        return TrainReport(
            epochs=len(losses),
            best_epoch=best_epoch,
            losses=tuple(losses),
            valid_mrr=tuple(valid_mrr),
            seconds=time.perf_counter() - started,
        )

    def _epoch(self, epoch: int) -> float:
        order = torch.randperm(self.facts.shape[1], generator=self.draw)
        step = self._step_all if self.use_all else self._step_sampled
        total = 0.0
        for columns in torch.split(order, self.settings.batch_size):
            total += step(*self.facts[:, columns.to(self.facts.device)]) * len(columns)
        mean = total / self.facts.shape[1]
        if not np.isfinite(mean):
            raise LichenError(
                f"embedding: the loss must be a number, and in epoch {epoch} it is {mean}. "
                f"Lower embed.learning_rate (now {self.settings.learning_rate})."
            )
        return mean

    def _step_all(self, h: Tensor, r: Tensor, t: Tensor) -> float:
        """Take one step against all entities, the batch in chunks of bounded memory."""
        scorer, total = self.encoder.scorer, 0.0
        entities = self.encoder.entity_table.detach().requires_grad_()
        relations = self.encoder.relation_table.detach().requires_grad_()
        size = max(1, CHUNK_SCORES // self.encoder.num_entities)
        for head, relation, truth in zip(
            *(torch.split(ids, size) for ids in (h, r, t)), strict=True
        ):
            factors = (
                entities.index_select(0, head),
                relations.index_select(0, relation),
                entities.index_select(0, truth),
            )
            scores = scorer.score_tails(factors[0], factors[1], entities)
            loss = against_all(scores, truth, known=self._known(head, relation, truth))
            loss = (loss + self.settings.n3 * n3(scorer, *factors)) * (len(head) / len(h))
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        self.entities.step(_gradient(entities))
        self.relations.step(_gradient(relations))
        return total

    def _step_sampled(self, h: Tensor, r: Tensor, t: Tensor) -> float:
        """Take one step against a sample that the batch shares; only used rows are touched."""
        scorer, num_entities = self.encoder.scorer, self.encoder.num_entities
        uniform = torch.rand(self.settings.negatives, generator=self.draw, dtype=torch.float64)
        drawn = torch.searchsorted(self.cumulated, uniform).clamp_(max=num_entities - 1)
        sample = torch.unique(drawn).to(h.device)
        rows, answers = self._known(h, r, t)
        columns = torch.searchsorted(sample, answers).clamp_(max=len(sample) - 1)
        is_hit = sample[columns] == answers
        head, relation, tail, rivals = (
            table.detach().index_select(0, ids).requires_grad_()
            for table, ids in (
                (self.encoder.entity_table, h),
                (self.encoder.relation_table, r),
                (self.encoder.entity_table, t),
                (self.encoder.entity_table, sample),
            )
        )
        loss = against_sample(
            scorer.score(head, relation, tail),
            scorer.score_tails(head, relation, rivals),
            known=(rows[is_hit], columns[is_hit]),
            log_weight=self.log_weight[sample],
        )
        loss = loss + self.settings.n3 * n3(scorer, head, relation, tail)
        loss.backward()  # type: ignore[no-untyped-call]
        gradients = [_gradient(leaf) for leaf in (head, tail, rivals)]
        self.entities.step(torch.cat(gradients), rows=torch.cat([h, t, sample]))
        self.relations.step(_gradient(relation), rows=r)
        return float(loss.item())

    def _known(self, h: Tensor, r: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return rows and entities that must not compete in a batch."""
        if not self.settings.hide_known:
            return torch.arange(len(h), device=h.device), t
        pairs = self.known_in_train.pairs(h.numpy(force=True), r.numpy(force=True))
        rows, answers = (torch.from_numpy(x).to(h.device) for x in pairs)
        return rows, answers

    def _look(self, valid: Ids) -> float:
        tails, heads = rank_triples(self.encoder, valid, known=self.known)
        return float((1.0 / np.concatenate([tails, heads])).mean())

    def _copy(self) -> tuple[Tensor, Tensor]:
        return (
            self.encoder.entity_table.detach().clone(),
            self.encoder.relation_table.detach().clone(),
        )

    def _restore(self, kept: tuple[Tensor, Tensor]) -> None:
        with torch.no_grad():
            self.encoder.entity_table.copy_(kept[0])
            self.encoder.relation_table.copy_(kept[1])


def _gradient(leaf: Tensor) -> Tensor:
    return torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
