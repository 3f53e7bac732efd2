"""A graph encoder and its graph to trained vectors: epochs, looks at validation, checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lichen.base.errors import ConfigError, DataError, LichenError
from lichen.base.progress import track
from lichen.data.graph import Graph, Ids
from lichen.embedding.checkpoint import (
    Checkpoint,
    alone,
    encoder_run,
    has_look_of_its_own,
    part,
    require_course,
    require_kept,
    start_of,
)
from lichen.embedding.config import ALL_LOSSES, SAMPLED_LOSSES, EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import rank_triples
from lichen.embedding.known import KnownAnswers
from lichen.embedding.step import Step
from lichen.embedding.step_all import AllStep
from lichen.embedding.step_pool import PoolStep
from lichen.embedding.step_sampled import SampledStep
from lichen.embedding.team import Team

ALL_UP_TO = 2_000
"""Entities up to which `candidates="auto"` compares with all of them."""


@dataclass(frozen=True, kw_only=True)
class TrainReport:
    """What happened in a training run."""

    epochs: int
    """Passes made, one that was cut included."""
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
    encoder: GraphEncoder,
    graph: Graph,
    *,
    config: EmbeddingConfig | None = None,
    checkpoint: str | Path | None = None,
    on_look: Callable[[int, float], bool] | None = None,
    on_step: Callable[[], bool] | None = None,
) -> TrainReport:
    """Train the vectors on the train split, in place.

    With a "valid" split the vectors of the best filtered MRR are kept and training stops when
    it no longer grows; without one all epochs run. The same seed gives the same vectors on the
    same processor and number of threads, and on a GPU about the same. Where torch.distributed is
    initialised, its processes share every batch and all end with the same vectors.

    Args:
        encoder: what to train.
        graph: the facts; "train" of an unsplit graph is all of them.
        config: the settings; None takes the defaults.
        checkpoint: folder for the run's state, written every `config.valid_every` epochs and at
            the end. A run found there goes on and ends as if it had never stopped; one at its end
            comes back at once, so that nothing is lost before the vectors are saved. Remove the
            folder then. Training that stops with an error or an interrupt leaves the encoder as
            the folder holds it, or as it began, so that the same call goes on. A run at its end
            may be given more epochs; vectors that were best at that end stay in the choice.
        on_look: told the epoch and the MRR at each look at the validation split; True stops.
        on_step: asked after each step; True ends the run there, with a last look that no
            checkpoint holds.

    Returns:
        Losses, validation figures and time.

    Raises:
        DataError: there is no training fact, the graph is not the encoder's, or the vectors hold
            a NaN or an infinity before the first step.
        ConfigError: settings do not go together, or `checkpoint` holds another run, such as one
            that began with other weights, is being written by one, or has no name.
        LichenError: the loss is no longer a number, or the disk is full.
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
    _refuse_no_numbers(encoder)
    team = Team()
    kept = None
    if checkpoint is not None:
        kept = Checkpoint(Path(checkpoint), encoder_run(encoder, graph, settings))
    run = _Run(encoder, graph, _make_step(encoder, facts, settings, team), kept)
    # dropout inside a scorer draws from torch's own stream
    with alone(kept if team.is_first else None), torch.random.fork_rng():
        torch.manual_seed(settings.seed + team.rank)
        return run.run(on_look, on_step)


def _refuse_no_numbers(encoder: GraphEncoder) -> None:
    for name, start in encoder.named_parameters():
        if start.numel() and not torch.stack(start.detach().aminmax()).isfinite().all():
            raise DataError(
                f"embedding: vectors must hold numbers before the first step; the encoder's {name} "
                "holds a NaN or an infinity. Build the encoder anew, or load another one."
            )


def refuse_computed(encoder: GraphEncoder) -> None:
    """Refuse an encoder that several processes cannot train together.

    Raises:
        ConfigError: it computes its vectors.
    """
    if not encoder.is_table:
        raise ConfigError(
            "several processes can only train an encoder that learns each vector by itself; "
            f"got {type(encoder).__name__}. Train it in one process."
        )


def _make_step(encoder: GraphEncoder, facts: Ids, settings: EmbeddingConfig, team: Team) -> Step:
    if team.size > 1:
        refuse_computed(encoder)
    against_all = settings.candidates == "all"
    if settings.candidates == "auto":
        is_small = encoder.num_entities <= ALL_UP_TO
        only_all = settings.loss not in SAMPLED_LOSSES
        against_all = only_all or (is_small and settings.loss in ALL_LOSSES)
    if settings.candidates == "pool":
        return PoolStep(encoder, facts, settings, team)
    make = AllStep if against_all else SampledStep
    return make(encoder, facts, settings, team)


@dataclass
class _Progress:
    """How far a run has come; a checkpoint holds it as JSON."""

    epoch: int = 0
    losses: list[float] = field(default_factory=list)
    valid_mrr: list[float] = field(default_factory=list)
    best: float = -1.0
    best_epoch: int = 0
    looks_since: int = 0
    learning_rate: float = 0.0
    seconds: float = 0.0
    start: str = ""
    """What the encoder began with; see `start_of`."""


class _Run:
    """One training run: its steps, and its best vectors so far."""

    def __init__(
        self, encoder: GraphEncoder, graph: Graph, step: Step, checkpoint: Checkpoint | None
    ) -> None:
        self.encoder, self.step, self.checkpoint = encoder, step, checkpoint
        self.config, self.team = step.config, step.team
        self.graph = graph
        self.valid = self._choose_valid(graph)
        start = "" if checkpoint is None else start_of(encoder.state_dict(), encoder.draw)
        self.progress = _Progress(learning_rate=self.config.learning_rate, start=start)
        self.best = {} if self.valid is None else self._copy()
        self.start = {} if checkpoint is None else self.best or self._copy()
        self.start_draw = None if encoder.draw is None else encoder.draw.bit_generator.state

    @cached_property
    def known(self) -> KnownAnswers:
        """Index the facts of every split; large, so only where validation facts are ranked."""
        return KnownAnswers(self.graph.triples, num_relations=self.encoder.num_relations)

    def _choose_valid(self, graph: Graph) -> Ids | None:
        if "valid" not in graph.splits or len(graph.split("valid")) == 0:
            return None
        rows = graph.split("valid")
        order = np.random.default_rng(self.config.seed).permutation(len(rows))
        return rows[np.sort(order[: self.config.valid_limit])]

    def run(
        self,
        on_look: Callable[[int, float], bool] | None,
        on_step: Callable[[], bool] | None,
    ) -> TrainReport:
        self._resume()
        try:
            return self._train(on_look, on_step)
        except BaseException:
            self._put_back()
            raise

    def _train(
        self,
        on_look: Callable[[int, float], bool] | None,
        on_step: Callable[[], bool] | None,
    ) -> TrainReport:
        made = self.progress
        started = time.perf_counter() - made.seconds
        first = made.epoch + 1
        for epoch in track(range(first, self.config.epochs + 1), what="embedding"):
            if made.looks_since >= self.config.patience:
                break
            loss, is_over = self._epoch(epoch, on_step)
            made.losses.append(loss)
            made.epoch = epoch
            if is_over or epoch % self.config.valid_every == 0 or epoch == self.config.epochs:
                self._look()
                made.seconds = time.perf_counter() - started
                if not is_over:  # a part of an epoch is none to go on from
                    self._keep()
                if on_look is not None and made.valid_mrr and on_look(epoch, made.valid_mrr[-1]):
                    is_over = True
            if is_over:
                break
        if self.valid is None:
            made.best_epoch = made.epoch
        else:
            self._restore(self.best)
        return TrainReport(
            epochs=made.epoch,
            best_epoch=made.best_epoch,
            losses=tuple(made.losses),
            valid_mrr=tuple(made.valid_mrr),
            seconds=time.perf_counter() - started,
        )

    def _learning_rate(self, epoch: int) -> float:
        gone = (epoch - 1) / max(1, self.config.epochs - 1)
        return self.progress.learning_rate * (1 - gone * (1 - self.config.last_rate))

    def _epoch(self, epoch: int, on_step: Callable[[], bool] | None) -> tuple[float, bool]:
        """Go through the facts; return the mean loss, and whether `on_step` ended the run."""
        total, count, is_over = 0.0, 0.0, False
        self.step.set_learning_rate(self._learning_rate(epoch))
        self.encoder.train()
        for number, batch in enumerate(torch.split(self.step.order(), self.config.batch_size)):
            loss, weight = self.step(batch)
            if not np.isfinite(loss):
                raise LichenError(
                    f"embedding: the loss must be a number, and in epoch {epoch}, step "
                    f"{number + 1}, it is {loss}. Lower embed.learning_rate (now "
                    f"{self._learning_rate(epoch):g})."
                )
            total, count = total + loss, count + weight
            if on_step is not None and on_step():
                is_over = True
                break
        self.encoder.eval()
        for statistic in self.encoder.scorer.buffers():
            if statistic.is_floating_point():  # normalisation sees a share of each batch
                self.team.average(statistic)
        return total / count, is_over

    def _look(self) -> None:
        """Measure the validation facts, and keep the vectors when they are the best so far."""
        if self.valid is None:
            return
        made = self.progress
        tails, heads = rank_triples(self.encoder, self.valid, known=self.known)
        mrr = float((1.0 / np.concatenate([tails, heads])).mean())
        made.valid_mrr.append(self.team.first(mrr))
        made.looks_since += 1
        if made.valid_mrr[-1] > made.best:
            made.best, made.best_epoch, made.looks_since = made.valid_mrr[-1], made.epoch, 0
            self.best = self._copy()
        elif self.config.decay < 1.0:
            made.learning_rate *= self.config.decay

    def _keep(self) -> None:
        if self.checkpoint is None:
            return
        tensors = {f"encoder.{k}": x for k, x in self.encoder.state_dict().items()}
        tensors |= {f"best.{k}": x for k, x in self.best.items()}
        tensors |= {f"step.{k}": x for k, x in self.step.state().items()}
        tensors["torch"] = self.team.gather(self._stream.get_state())
        if self.team.is_first:
            self.checkpoint.write(tensors, vars(self.progress))
        self.start = {}  # no more needed, and as large as the encoder

    def _put_back(self) -> None:
        """Leave the encoder as the checkpoint holds it, or as it began."""
        if self.checkpoint is None or not self.team.is_first:
            return
        self.encoder.eval()
        found = self.checkpoint.read()
        if found is not None:
            self._restore(part(found[0], "encoder."))
            return
        self._restore(self.start)
        if self.encoder.draw is not None and self.start_draw is not None:
            self.encoder.draw.bit_generator.state = self.start_draw

    def _resume(self) -> None:
        found = self.checkpoint.read() if self.checkpoint is not None else None
        if self.checkpoint is None or found is None:
            return
        (tensors, progress), folder = found, self.checkpoint.folder
        made = _Progress(**progress)
        if made.start != self.progress.start:
            require_kept(folder, self.encoder.state_dict(), tensors, last="encoder.")
        require_course(folder, self.config, epoch=made.epoch, valid_mrr=made.valid_mrr)
        self._restore(part(tensors, "encoder."))
        self.best = part(tensors, "best.")
        self.step.load(part(tensors, "step."))
        stream = self.team.own(tensors["torch"])
        if stream is not None:
            self._stream.set_state(stream)
        if made.best_epoch < made.epoch and has_look_of_its_own(self.config, made.epoch):
            del made.valid_mrr[-1:]
            made.looks_since = max(0, made.looks_since - 1)
        self.progress, self.start = made, {}

    @property
    def _stream(self) -> torch.Generator:
        """Return the stream by which a scorer's own dropout draws."""
        device = self.encoder.relation_table.device
        if device.type == "cuda":
            return torch.cuda.default_generators[device.index or 0]
        return torch.default_generator

    def _copy(self) -> dict[str, Tensor]:
        return {k: x.detach().clone() for k, x in self.encoder.state_dict().items()}

    def _restore(self, kept: dict[str, Any]) -> None:
        with torch.no_grad():
            for name, tensor in self.encoder.state_dict().items():
                tensor.copy_(kept[name])
