"""A graph to a trained path model: each batch is asked of the graph without its own facts."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lichen.base.errors import DataError, LichenError
from lichen.base.progress import track
from lichen.data.graph import Graph, Ids
from lichen.embedding.checkpoint import (
    Checkpoint,
    alone,
    digest,
    part,
    require_kept,
    start_of,
)
from lichen.embedding.evaluate import rank_triples
from lichen.embedding.known import KnownAnswers
from lichen.embedding.optimise import load_weights_state, weights_state
from lichen.embedding.path.config import PathConfig
from lichen.embedding.path.model import PathModel
from lichen.embedding.trainer import TrainReport

HIDDEN = -1e30
"""Score of a drawn entity that is a right answer: it must not count as a wrong one."""


def train_paths(
    model: PathModel,
    graph: Graph,
    *,
    config: PathConfig | None = None,
    checkpoint: str | Path | None = None,
) -> TrainReport:
    """Train the weights on the train split, in place.

    With a "valid" split the weights of the best filtered MRR are kept, and training stops when
    it no longer grows. The same seed gives the same weights on the same machine.

    Args:
        model: what to train; it reads this graph.
        graph: the facts; "train" of an unsplit graph is all of them.
        config: the settings; None takes the defaults.
        checkpoint: folder for the run's state, written after every pass; None keeps none. A run
            found there goes on and ends as if it had never stopped; one at its end comes back at
            once, so that nothing is lost before the weights are saved. Remove the folder then.

    Returns:
        Losses, validation figures and time.

    Raises:
        DataError: there is no training fact, or the model reads another graph.
        ConfigError: `checkpoint` holds another run or one that began with other weights, or is
            being written by one.
        LichenError: the loss is no longer a number, or the disk is full.
    """
    if graph.entities != model.entities or graph.relations != model.relations:
        raise DataError(
            f"graph must be the one that the model reads, with {model.num_entities} entities "
            f"and {model.num_relations} relations; got {graph!r} with other labels. "
            "Train model.on(graph)."
        )
    facts = graph.split("train")
    if len(facts) == 0:
        raise DataError("the train split must hold at least one fact; it is empty.")
    run = _Run(model, graph, facts, config or PathConfig())
    kept = None if checkpoint is None else Checkpoint(Path(checkpoint), run.told())
    with alone(kept):
        return run.run(kept)


@dataclass
class _Progress:
    """How far a run has come; a checkpoint holds it as JSON."""

    losses: list[float] = field(default_factory=list)
    valid_mrr: list[float] = field(default_factory=list)
    best_epoch: int = 0
    seconds: float = 0.0
    start: str = ""
    """What the network began with; see `start_of`."""


class _Run:
    """One training run: its optimiser, its random stream and its best weights so far."""

    def __init__(self, model: PathModel, graph: Graph, facts: Ids, config: PathConfig) -> None:
        self.model, self.graph, self.facts, self.config = model, graph, facts, config
        self.weights = list(model.network.parameters())
        self.steps = torch.optim.Adam(self.weights, lr=config.learning_rate)
        num_steps = config.epochs * -(-min(config.epoch_facts, len(facts)) // config.batch_size)
        self.rate = torch.optim.lr_scheduler.LinearLR(
            self.steps, start_factor=1.0, end_factor=config.last_rate, total_iters=max(1, num_steps)
        )
        self.draw = np.random.default_rng(config.seed)
        self.known = KnownAnswers(graph.triples, num_relations=graph.num_relations)
        self.known_in_train = KnownAnswers(facts, num_relations=graph.num_relations)
        valid = graph.split("valid") if "valid" in graph.splits else facts[:0]
        order = np.random.default_rng(config.seed).permutation(len(valid))
        self.valid = valid[np.sort(order[: config.valid_limit])]

        self.progress = _Progress(start=start_of(model.network.state_dict()))
        self.best = self._copy()

    def told(self) -> dict[str, Any]:
        """Return what tells this run from others."""
        h, r, t = self.facts.T
        by = self.model.view.relation_of[r]  # the model may number relations by another graph
        return {
            "class": type(self.model).__name__,
            "dim": self.model.network.dim,
            "num_layers": self.model.network.num_layers,
            "entities": self.model.num_entities,
            "relations": list(self.model.known_relations),
            "facts": digest(np.stack([h, by, t])),
            "validation facts": digest(self.valid),
            "known facts": digest(self.graph.triples if len(self.valid) else self.valid),
            "config": asdict(self.config),
        }

    def run(self, checkpoint: Checkpoint | None) -> TrainReport:
        if checkpoint is not None:
            self._resume(checkpoint)
        made = self.progress
        started = time.perf_counter() - made.seconds
        for epoch in track(range(len(made.losses) + 1, self.config.epochs + 1), what="paths"):
            if epoch - 1 - made.best_epoch >= self.config.patience:
                break
            made.losses.append(self._epoch(epoch))
            self._look()
            made.seconds = time.perf_counter() - started
            if checkpoint is not None:
                self._keep(checkpoint)
        if len(self.valid):
            self.model.network.load_state_dict(self.best)
        return TrainReport(
            epochs=len(made.losses),
            best_epoch=made.best_epoch,
            losses=tuple(made.losses),
            valid_mrr=tuple(made.valid_mrr),
            seconds=time.perf_counter() - started,
        )

    def _look(self) -> None:
        """Measure the validation facts, and keep the weights when they are the best so far."""
        made = self.progress
        if not len(self.valid):
            made.best_epoch = len(made.losses)
            return
        ranks = np.concatenate(rank_triples(self.model, self.valid, known=self.known))
        made.valid_mrr.append(float((1 / ranks).mean()))
        if made.valid_mrr[-1] > max(made.valid_mrr[:-1], default=-1.0):
            made.best_epoch, self.best = len(made.losses), self._copy()

    def _keep(self, checkpoint: Checkpoint) -> None:
        tensors = {f"network.{k}": x for k, x in self._copy().items()}
        tensors |= {f"best.{k}": x for k, x in self.best.items()}
        tensors |= {f"steps.{k}": x for k, x in weights_state(self.steps, self.weights).items()}
        run = {"rate": self.rate.state_dict(), "draw": self.draw.bit_generator.state}
        checkpoint.write(tensors, {"made": vars(self.progress), **run})

    def _resume(self, checkpoint: Checkpoint) -> None:
        found = checkpoint.read()
        if found is None:
            return
        tensors, run = found
        made = _Progress(**run["made"])
        if made.start != self.progress.start:
            own = self.model.network.state_dict()
            require_kept(checkpoint.folder, own, tensors, last="network.")
        self.model.network.load_state_dict(part(tensors, "network."))
        self.best = part(tensors, "best.")
        load_weights_state(self.steps, self.weights, part(tensors, "steps."))
        self.rate.load_state_dict(run["rate"])
        self.steps.param_groups[0]["lr"] = self.rate.get_last_lr()[0]
        self.draw.bit_generator.state = run["draw"]
        self.progress = made

    def _epoch(self, epoch: int) -> float:
        order = self.draw.permutation(len(self.facts))[: self.config.epoch_facts]
        total = 0.0
        for number, start in enumerate(range(0, len(order), self.config.batch_size)):
            rows = order[start : start + self.config.batch_size]
            loss = self._step(rows)
            if not np.isfinite(loss):
                raise LichenError(
                    f"paths: the loss must be a number, and in epoch {epoch}, step {number + 1}, "
                    f"it is {loss}. Lower path.learning_rate (now {self.config.learning_rate})."
                )
            total += loss * len(rows)
        return total / len(order)

    def _step(self, rows: Ids) -> float:
        """Ask each fact of a batch in a random direction, its facts taken out of the graph."""
        model, config = self.model, self.config
        h, r, t = self.facts[rows].T
        is_reverse = self.draw.random(len(rows)) < 0.5
        entity, truth = np.where(is_reverse, t, h), np.where(is_reverse, h, t)
        relation = np.where(is_reverse, r + model.num_relations, r)
        drawn = self.draw.integers(0, model.num_entities, (len(rows), config.negatives))
        known = self.known_in_train.mask(entity, relation, num_entities=model.num_entities)
        is_right = torch.from_numpy(np.take_along_axis(known, drawn, axis=1)).to(model.device)
        hide = np.zeros(len(self.facts), dtype=np.bool_)
        hide[rows] = True
        edges = model.edges.without(hide)
        candidates = np.column_stack([truth, drawn])
        scores = model.score_candidates(
            entity, relation, candidates, edges=edges, ground=model.ground(edges)
        )
        wrong = scores[:, 1:].masked_fill(is_right, HIDDEN)
        loss = _loss(scores[:, 0], wrong, config.temperature)
        self.steps.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.steps.step()
        self.rate.step()
        return float(loss.detach())

    def _copy(self) -> dict[str, Tensor]:
        return {k: x.detach().clone() for k, x in self.model.network.state_dict().items()}


def _loss(true: Tensor, wrong: Tensor, temperature: float) -> Tensor:
    """Return the log-sigmoid loss in which wrong answers that score higher weigh more.

    References:
        Sun et al., 2019, arXiv:1902.10197, equations 5 and 6.
    """
    weight = (wrong.detach() / temperature).softmax(1)
    against = (weight * nn.functional.softplus(wrong)).sum(1)
    return (nn.functional.softplus(-true) + against).mean() / 2
