"""Low-rank adapters in a language model: put beside every linear layer, and folded into it."""

from __future__ import annotations

from typing import Any

import torch

from lichen.base.extras import need

PAPER = "Hu et al., 2021, arXiv:2106.09685"
SCALE = 2
"""What an adapter adds is multiplied by this (alpha over rank)."""


def add_lora(backbone: Any, rank: int, *, seed: int) -> None:
    """Put adapters of a rank beside every linear layer, in place; only they are left to train.

    They start at zero, so the model gives what it gave before, bit for bit.

    Args:
        backbone: a Hugging Face encoder, or a decoder without its head.
        rank: width of an adapter.
        seed: of the half of each adapter that does not start at zero.

    Raises:
        MissingExtraError: peft is not installed.
    """
    peft = need("peft", extra="lora", why="training by low-rank adapters")
    is_turned = any(type(module).__name__ == "Conv1D" for module in backbone.modules())
    config = peft.LoraConfig(
        r=rank,
        lora_alpha=SCALE * rank,
        target_modules="all-linear",
        fan_in_fan_out=is_turned,  # of GPT-2, whose linear layers keep their weights transposed
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        peft.inject_adapter_in_model(config, backbone)


def merge_lora(backbone: Any) -> None:
    """Fold adapters into the layers that they stand beside, in place, and take them away."""
    lora = need("peft.tuners.lora", extra="lora", why="merging low-rank adapters")
    layers = [(n, m) for n, m in backbone.named_modules() if isinstance(m, lora.LoraLayer)]
    for name, layer in layers:
        layer.merge()
        parent, _, last = name.rpartition(".")
        setattr(backbone.get_submodule(parent), last, layer.get_base_layer())
    del backbone.peft_config


def is_lora(name: str) -> bool:
    """Say whether a parameter of this name is an adapter's."""
    return ".lora_" in name
