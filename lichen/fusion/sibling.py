"""A fused model to further ones of other tasks, which have its very weights but for the head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from lichen.base.errors import ConfigError
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.config import FusedConfig
from lichen.fusion.model import FusedModel
from lichen.fusion.tasks.task import make_task
from lichen.lm.lora import is_lora
from lichen.lm.text_encoder import TextEncoder

PAPER = "Caruana, 1997, Machine Learning 28 (hard parameter sharing)"
SHARED = ("text", "plain_text", "backbone", "nodes", "fusion", "scale", "relation_scale")
"""What siblings have in common, tensor for tensor."""
GIVEN = ("graph", "reader", "deal", "counts_only", "_origin")
"""What else a sibling takes over."""


def sibling(
    model: FusedModel,
    *,
    task: str,
    labels: Vocabulary | None = None,
    group: str | None = None,
    head: str | None = None,
) -> FusedModel:
    """Return a model of another task that shares a model's language model, vectors and fusion.

    The tensors are the same ones: whatever trains one model changes the other. Classes and head
    are its own. It is a whole `FusedModel`, which predicts, saves and loads alone; saved and loaded
    again it shares nothing any more. Entity vectors are read at the model's scale, whatever the
    sibling's head. Move a model to another device before it has siblings.

    Use with `lichen.training.multitask.train_tasks`, which trains siblings together.

    Args:
        model: any fused model, new or trained.
        task: a key of `lichen.fusion.tasks.TASKS`.
        labels: the sibling's classes; None takes those of its training data.
        group: key of `meta` that the documents of one question share; None: the task has none.
        head: None takes a head of the model's kind where that can answer the task, and the task's
            usual one elsewhere.

    Raises:
        ChoiceError: no such task, or that head cannot answer it.
        ConfigError: there are too few classes, or task "choose" has no group.

    References:
        Caruana, 1997, Machine Learning 28 (hard parameter sharing).
    """
    config = model.config
    if head is None and config.head in make_task(task, group=group).HEADS:
        head = config.head
    made = FusedModel(
        model.plain_text,
        model.nodes,
        fusion=config.fusion,
        task=task,
        at=config.at,
        graph=model.graph,
        **{**config.settings(), "group": group, "head": head},
    )
    for name in (*SHARED, *GIVEN):
        setattr(made, name, getattr(model, name))
    if labels is not None:
        made.set_labels(labels)
    model.family = model.family or [model]
    model.family.append(made)
    made.family = model.family
    return made


def own_settings(model: FusedModel) -> dict[str, Any]:
    """Return the arguments of `sibling` that make one like this."""
    config = model.config
    return {"task": config.task, "labels": model.labels, "group": config.group, "head": config.head}


def require_siblings(models: Mapping[str, FusedModel]) -> None:
    """Refuse models that do not share their parts, or are the same.

    Raises:
        ConfigError: two have parts of their own, or one model has two names.
    """
    (first, model), *rest = models.items()
    seen = {id(model): first}
    for name, other in rest:
        if id(other) in seen:
            raise ConfigError(
                f"models: {seen[id(other)]!r} and {name!r} must be two models; they are the same. "
                "Make another by sibling(model, task=...)."
            )
        seen[id(other)] = name
        apart = [p for p in ("backbone", "nodes", "fusion") if getattr(other, p) is not
                 getattr(model, p)]  # fmt: skip
        if apart:
            raise ConfigError(
                f"models: {first!r} and {name!r} must share their parts; each has its own "
                f"{', '.join(apart)}. Make one from the other by sibling(model, task=...)."
            )


class Siblings(nn.Module):
    """Several siblings as one module: shared parts once, then each head.

    Args:
        models: siblings by name, each with its classes.

    Raises:
        ConfigError: the models are not siblings.
    """

    def __init__(self, models: Mapping[str, FusedModel]) -> None:
        super().__init__()
        require_siblings(models)
        first = next(iter(models.values()))
        self.text: TextEncoder = first.text
        self.config: FusedConfig = first.config
        # registered before the models, so that each shared tensor is named once, by its part
        self.backbone, self.nodes, self.fusion = first.backbone, first.nodes, first.fusion
        self.models = nn.ModuleList(models.values())
        self.to(first.text.device)
        self.eval()

    def train(self, mode: bool = True) -> Siblings:  # noqa: FBT001, FBT002 - torch's signature
        """Set training mode; a frozen language model stays in evaluation mode."""
        if mode == self.training:
            return self
        self.training = self.models.training = mode
        for model in self.models:
            model.train(mode)
        return self

    def own_state(self) -> dict[str, Tensor]:
        """Return the weights of fusion, heads and adapters, each once."""
        return {name: x for name, x in self.state_dict().items() if _is_own(name)}


def _is_own(name: str) -> bool:
    part, *rest = name.split(".")
    if part in ("backbone", "nodes"):
        return is_lora(name)
    return part != "models" or rest[1] == "head"
