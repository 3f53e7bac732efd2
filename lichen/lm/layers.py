"""A language model's hidden layers: where they are kept, and what one of them reads or gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from lichen.base.errors import ConfigError


def layer_list(model: Any) -> nn.ModuleList:
    """Find the list of hidden layers of any Hugging Face encoder.

    Raises:
        ConfigError: the model keeps its layers in no list.
    """
    wanted = int(getattr(model.config, "num_hidden_layers", 0))
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == wanted > 0:
            return module
    raise ConfigError(
        f"text encoder: the model must keep its {wanted} hidden layers in one list; "
        f"{type(model).__name__} does not. Take at='output' and a fusion such as 'gate'."
    )


def states_inside(model: Any, batch: Mapping[str, Tensor], layer: int) -> Tensor:
    """Run a model, and return what one of its hidden layers gives, `(texts, tokens, dim)`.

    Args:
        model: a Hugging Face encoder, or a decoder without its head.
        batch: its inputs.
        layer: from 1; 0 is what the first layer reads.
    """
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _args: Any, output: Any) -> None:
        kept.append(output[0] if isinstance(output, tuple) else output)

    def keep_input(_module: nn.Module, args: Any) -> None:
        kept.append(args[0])

    layers = layer_list(model)
    if layer == 0:
        handle = layers[0].register_forward_pre_hook(keep_input)
    else:
        handle = layers[layer - 1].register_forward_hook(keep)
    try:
        model(**batch)
    finally:
        handle.remove()
    return kept[0]
