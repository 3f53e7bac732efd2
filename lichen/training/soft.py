"""A fused model, items and any loss over its logits to trained weights: a plain loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from lichen.base.errors import ConfigError, LichenError
from lichen.base.progress import track
from lichen.base.seeds import set_seed
from lichen.fusion.batch import Batch, to_device
from lichen.fusion.item import Item
from lichen.fusion.model import FusedModel
from lichen.training.beside import BesideLoss
from lichen.training.by_length import order_for
from lichen.training.config import TrainConfig, require_run
from lichen.training.facts_loss import facts_beside
from lichen.training.rates import parameter_groups

Loss = Callable[[Batch, Tensor], Tensor]
"""A batch and the `(batch,)` numbers of its items to the number that training lowers."""


def fit_items(
    model: FusedModel,
    items: Sequence[Item],
    *,
    collate: Any,
    loss: Loss,
    config: TrainConfig,
    seed: int,
    beside: BesideLoss | None = None,
) -> None:
    """Train a model, in place, on a loss of the caller's own.

    For losses that need more than a batch: a teacher's probabilities, or a second look at texts.
    Facts are learned beside as `model.config.triple` says.

    Args:
        model: what to train; what it keeps frozen stays so.
        items: samples made ready by its batcher.
        collate: items to a batch.
        loss: called with the model in training mode.
        config: the settings.
        seed: of order and dropout.
        beside: the loss of further objectives of the language model, or None.

    Raises:
        ConfigError: the settings are of another type or want a reporter, or the seed is none.
        DataError: facts are to be learned beside, and there are none.
        LichenError: the loss is no longer a number.
    """
    require_run("train", config, TrainConfig, seed)
    _refuse_reporter(config)
    set_seed(seed)
    more = _more(model, beside, seed=seed)
    groups = parameter_groups(model, config)
    if beside is not None:
        groups.append({"params": list(beside.parameters()), "lr": config.learning_rate})
    passes = -(-len(items) // config.batch_size)
    optimiser, schedule = _steps(groups, config, passes=passes)
    draw = torch.Generator().manual_seed(seed)
    by_length = order_for(model, [[x] for x in items], batch_size=config.batch_size, seed=seed)
    model.train()
    for epoch in track(range(config.epochs), what="training"):
        order = torch.randperm(len(items), generator=draw)
        if by_length is not None:
            by_length.set_epoch(epoch)
            order = torch.tensor(list(by_length))
        for number, rows in enumerate(torch.split(order, config.batch_size), start=1):
            batch = to_device(collate([items[i] for i in rows.tolist()]), model.text.device)
            value = loss(batch, rows)
            for other in more:
                value = value + other(epoch * passes + number - 1)
            _require_number(value, config)
            (value / config.accumulate).backward()  # type: ignore[no-untyped-call]
            if number % config.accumulate and number < passes:
                continue
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
            schedule.step()
    model.eval()


def _refuse_reporter(config: TrainConfig) -> None:
    if config.report_to != "none":
        raise ConfigError(
            "train.report_to must be 'none' for consistency and distillation, which report to "
            f"nobody; got {config.report_to!r}. Leave it out."
        )


def _require_number(loss: Tensor, config: TrainConfig) -> None:
    if not torch.isfinite(loss):
        raise LichenError(
            f"train: the loss must stay a number; got {float(loss.detach())}. Lower "
            f"train.learning_rate ({config.learning_rate})."
        )


def _more(
    model: FusedModel, beside: BesideLoss | None, *, seed: int
) -> list[Callable[[int], Tensor]]:
    """Return the losses, by the number of the batch, that are added to the caller's own."""
    more: list[Callable[[int], Tensor]] = [] if beside is None else [beside]
    facts, nodes = facts_beside(model, seed=seed), model.nodes
    if facts is not None and nodes is not None:
        more.append(lambda turn: model.config.triple * facts(nodes, turn))
    return more


def _steps(
    groups: list[dict[str, Any]], config: TrainConfig, *, passes: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """Return what steps, its rate rising over the warm-up and falling to 0.

    Args:
        groups: what is trained.
        config: the settings.
        passes: batches an epoch.
    """
    optimiser = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
    steps = config.epochs * -(-passes // config.accumulate)
    warmup = int(config.warmup * steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min((step + 1) / max(1, warmup), (steps - step) / max(1, steps - warmup)),
    )
    return optimiser, schedule
