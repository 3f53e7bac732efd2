"""A fused model's parts to their learning rates."""

from __future__ import annotations

from typing import Any

from torch import nn

from lichen.fusion.model import FusedModel
from lichen.fusion.sibling import Siblings
from lichen.training.config import TrainConfig


def parameter_groups(model: FusedModel | Siblings, config: TrainConfig) -> list[dict[str, Any]]:
    """Return what is trained, as an optimiser's groups: each part with its own learning rate."""
    text = config.lora_learning_rate if model.config.lora else config.text_learning_rate
    fusion = config.fusion_learning_rate
    rates = {"backbone": text, "fusion": fusion, "nodes": fusion}
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            rate = rates.get(name.split(".")[0], config.learning_rate)
            groups.setdefault(rate, []).append(parameter)
    return [{"params": found, "lr": rate} for rate, found in groups.items()]
