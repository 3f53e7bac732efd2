"""A backbone with a step put after one of its layers, without touching the backbone."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from lichen.lm.text_encoder import layer_list

Step = Callable[[Tensor], Tensor]


class _After(nn.Module):
    """A layer followed by a step on its output."""

    def __init__(self, layer: nn.Module, step: Step) -> None:
        super().__init__()
        self.layer = layer
        self.step = step

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        out = self.layer(*args, **kwargs)
        if isinstance(out, tuple):
            return (self.step(out[0]), *out[1:])
        return self.step(out)


class _Given(nn.Module):
    """In place of a layer: known states, whatever comes in; None passes what comes in."""

    def __init__(self, states: Tensor | None, *, as_tuple: bool) -> None:
        super().__init__()
        self.states = states
        self.as_tuple = as_tuple

    def forward(self, hidden_states: Tensor, *_args: Any, **_kwargs: Any) -> Any:
        out = hidden_states if self.states is None else self.states
        return (out,) if self.as_tuple else out


def with_step(backbone: nn.Module, layer: int, step: Step) -> nn.Module:
    """Return a view of a backbone in which a step follows a hidden layer.

    The view shares every weight with the backbone, which is left as it is.

    Args:
        backbone: a Hugging Face encoder.
        layer: hidden layer from 1.
        step: `(batch, tokens, dim)` -> the same shape.
    """
    layers = list(layer_list(backbone))
    layers[layer - 1] = _After(layers[layer - 1], step)
    return _with_layers(backbone, layers)


def from_states(backbone: nn.Module, layer: int, states: Tensor, *, as_tuple: bool) -> nn.Module:
    """Return a view of a backbone that starts after a hidden layer, from states given.

    Args:
        backbone: a Hugging Face encoder.
        layer: hidden layer from 1 whose output is given.
        states: `(batch, tokens, dim)`.
        as_tuple: whether this backbone's layers return tuples, see `returns_tuple`.
    """
    given = [_Given(states if i == 0 else None, as_tuple=as_tuple) for i in range(layer)]
    return _with_layers(backbone, [*given, *list(layer_list(backbone))[layer:]])


def _with_layers(backbone: nn.Module, layers: list[nn.Module]) -> nn.Module:
    wanted = layer_list(backbone)
    path = next(name for name, module in backbone.named_modules() if module is wanted)
    root = parent = _shallow(backbone)
    *way, last = path.split(".")
    for name in way:
        child = _shallow(parent._modules[name])  # noqa: SLF001 - a view is made of the tree itself
        parent._modules[name] = child  # noqa: SLF001
        parent = child
    parent._modules[last] = nn.ModuleList(layers)  # noqa: SLF001
    return root


def _shallow(module: nn.Module | None) -> nn.Module:
    twin = copy.copy(module)
    assert twin is not None
    twin._modules = dict(twin._modules)  # noqa: SLF001
    return twin
