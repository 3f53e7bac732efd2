"""Part of a backbone's layers on given states, without touching the backbone."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from lichen.lm.layers import layer_list


class _Place(nn.Module):
    """In the place of a layer, with all that a model may ask of it: it reads, and runs or not.

    Args:
        layer: the layer.
        runs: whether it runs; otherwise what is read is passed on.
        given: what to read instead of what comes in.
        as_tuple: whether layers return tuples.
    """

    read: Tensor
    gave: Tensor

    def __init__(
        self, layer: nn.Module, *, runs: bool, given: Tensor | None, as_tuple: bool
    ) -> None:
        super().__init__()
        self.layer = layer
        self.runs = runs
        self.given = given
        self.as_tuple = as_tuple
        self.keeps = False

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.layer, name)

    def forward(self, hidden_states: Tensor, *args: Any, **kwargs: Any) -> Any:
        states = hidden_states if self.given is None else self.given.to(hidden_states.dtype)
        passed: Any = (states, None) if self.as_tuple else states
        out: Any = self.layer(states, *args, **kwargs) if self.runs else passed
        if self.keeps:
            self.read, self.gave = states, out[0] if self.as_tuple else out
        return out


def run_layers(
    backbone: nn.Module,
    inputs: Mapping[str, Tensor],
    *,
    given: tuple[int, Tensor] | None = None,
    stop: int | None = None,
    as_tuple: bool,
) -> Tensor:
    """Run some of a backbone's layers; every weight is the backbone's own.

    Args:
        backbone: a Hugging Face encoder, or a decoder without its head.
        inputs: its inputs, as long as the states.
        given: a hidden layer and its states `(batch, tokens, dim)`, to start after; layer 0 is
            what the first layer reads. None starts from the inputs.
        stop: the hidden layer to stop after, 0 for what the first layer reads; None runs to the
            model's output.
        as_tuple: whether this backbone's layers return tuples, see `TextEncoder.returns_tuple`.

    Returns:
        `(batch, tokens, dim)`.
    """
    view = spliced(backbone, given=given, stop=stop, as_tuple=as_tuple)
    out: Tensor = view(**inputs).last_hidden_state
    if stop is None:
        return out
    last = layer_list(view)[max(stop, 1) - 1]
    assert isinstance(last, _Place)
    return last.gave if stop else last.read


def spliced(
    backbone: nn.Module,
    *,
    given: tuple[int, Tensor] | None = None,
    stop: int | None = None,
    as_tuple: bool,
) -> nn.Module:
    """Return a view of a backbone that runs some of its layers; arguments as of `run_layers`."""
    layers = list(layer_list(backbone))
    start, states = given or (0, None)
    places = [
        _Place(
            layer,
            runs=start <= i and (stop is None or i < stop),
            given=states if i < max(start, 1) else None,
            as_tuple=as_tuple,
        )
        for i, layer in enumerate(layers)
    ]
    places[max(stop or 0, 1) - 1].keeps = stop is not None
    return _with_layers(backbone, places)


def _with_layers(backbone: nn.Module, layers: Sequence[nn.Module]) -> nn.Module:
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
