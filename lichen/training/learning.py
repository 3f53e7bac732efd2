"""Models and all that they learn in one run, as one module: a batch to one loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from lichen.fusion.model import FusedModel
from lichen.fusion.sibling import Siblings
from lichen.training.beside import Beside, BesideLoss
from lichen.training.consistency import Consistency, ConsistencyLoss
from lichen.training.facts_loss import facts_beside
from lichen.training.joined import ALONE, Joined, Models, key_of, teachers
from lichen.training.part import WHOLE, Part


class Learning(nn.Module):
    """The losses of a run, added up where the Trainer can divide and average them.

    A batch is of one task; its loss is that task's, or its teacher's and that task's, times the
    task's weight. What is learned beside the tasks is added once a batch.

    Args:
        models: one under the name `ALONE`, or siblings by name; each with its classes.
        weights: of each task's loss; a name left out has 1.
        beside: what is learned with the tasks.
        seed: of what is drawn for that.
        part: of each batch that this process takes.

    Raises:
        ConfigError: an objective needs a language model that is trained, or a mask token.
        DataError: an objective has nothing to learn from, or there is no fact to learn.
    """

    accepts_loss_kwargs = False  # so that the Trainer averages over accumulated batches itself
    total: Tensor
    """`(tasks,)` sum of each task's losses so far, unweighted."""
    count: Tensor
    """`(tasks,)` batches of each task so far."""

    def __init__(
        self,
        models: Models,
        *,
        weights: Mapping[str, float],
        beside: tuple[Joined, ...] = (),
        seed: int,
        part: Part = WHOLE,
    ) -> None:
        super().__init__()
        self.tasks = list(models.values())
        first = self.tasks[0]
        self.model: FusedModel | Siblings = first if ALONE in models else Siblings(models)
        self.names = list(models)
        self.weights = [float(weights.get(name, 1.0)) for name in models]
        self.teachers = teachers(beside)
        self.facts = facts_beside(first, seed=seed)
        self.further = nn.ModuleDict()
        for one in beside:
            if isinstance(one, Beside):
                self.further[key_of(one)] = BesideLoss(one, first, seed=seed, part=part)
            elif isinstance(one, Consistency):
                asked = models[one.task or ALONE]
                self.further[key_of(one)] = ConsistencyLoss(one, asked, seed=seed, part=part)
        for name in ("total", "count"):
            self.register_buffer(name, torch.zeros(len(models), device=first.text.device))

    def forward(self, batch: Mapping[str, Any], turn: int) -> dict[str, Tensor]:
        """Return {"loss": the weighed sum}.

        Args:
            batch: what a model takes; of several tasks with "task", its place among them.
            turn: number of the batch, from 0, which decides what is drawn beside it.
        """
        task = batch.get("task", 0)
        loss = self._task_loss(task, {key: x for key, x in batch.items() if key != "task"})
        self._count(task, loss.detach())
        loss = self.weights[task] * loss
        for further in self.further.values():
            loss = loss + further(turn)
        first = self.tasks[0]
        if self.facts is not None and first.nodes is not None:
            with torch.autocast(loss.device.type, enabled=False):
                loss = loss + first.config.triple * self.facts(first.nodes, turn)
        return {"loss": loss}

    def _task_loss(self, task: int, batch: dict[str, Tensor]) -> Tensor:
        model, taught = self.tasks[task], batch.pop("taught", None)
        out = model(**batch)
        if taught is None:
            found: Tensor = out.loss
            return found
        with torch.autocast(taught.device.type, enabled=False):
            teacher = self.teachers[self.names[task]]
            loss = teacher.loss(model.task, out.logits, taught, batch)
            return loss + model.config.align * out.reading if model.training else loss

    def _count(self, task: int, loss: Tensor) -> None:
        """Remember a loss, the mean of those of all processes."""
        if dist.is_initialized():
            loss = loss.clone()
            dist.all_reduce(loss)
            loss /= dist.get_world_size()
        self.total[task] += loss
        self.count[task] += 1

    def losses(self) -> dict[str, float]:
        """Return the mean loss of each task's batches so far; NaN where there were none."""
        return dict(zip(self.names, (self.total / self.count).tolist(), strict=True))

    def figures(self) -> dict[str, float]:
        """Return the mean losses since the last call of what is learned beside the tasks."""
        found: dict[str, float] = {}
        for key, further in self.further.items():
            assert isinstance(further, BesideLoss | ConsistencyLoss)
            task = key.partition("-")[2]
            found |= {f"{x}_{task}" if task else x: y for x, y in further.figures().items()}
        return found

    def own_state(self) -> dict[str, Tensor]:
        """Return the weights and figures that are no model's."""
        state = self.state_dict().items()
        return {name: x for name, x in state if not name.startswith("model.")}
