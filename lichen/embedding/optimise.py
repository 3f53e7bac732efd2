"""Gradients of some rows of a table, or of all, to a step that touches those rows alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

_EPSILON = 1e-10


class RowOptimiser(Protocol):
    """Moves the rows of a table."""

    learning_rate: float

    def step(self, gradient: Tensor, *, rows: Tensor | None = None) -> None:
        """Move rows by their gradient.

        Args:
            gradient: `(used, width)`
            rows: `(used,)` distinct row of each gradient; None is the whole table in order.
        """
        ...

    def state(self) -> dict[str, Tensor]:
        """Return what a checkpoint must keep; not copied."""
        ...


class RowAdagrad:
    """Adagrad over a table; a step on few rows costs nothing for the others.

    Args:
        table: `(rows, width)` parameter, changed in place.
        learning_rate: the step; a coordinate's first update has about this size.
        per_row: keep one sum of squares a row, not one a coordinate: `width` times less memory.

    References:
        Duchi et al., 2011, JMLR 12; per row: Gupta et al., 2014, "Training highly multiclass
        classifiers", JMLR 15.
    """

    def __init__(self, table: nn.Parameter, *, learning_rate: float, per_row: bool = False) -> None:
        self.table = table.detach()
        self.learning_rate = learning_rate
        self.per_row = per_row
        shape = (len(table), 1) if per_row else table.shape
        self.squares = torch.zeros(shape, dtype=table.dtype, device=table.device)
        self._scale: Tensor | None = None

    def step(self, gradient: Tensor, *, rows: Tensor | None = None) -> None:
        """Move rows by their gradient."""
        if rows is None:
            self._step_all(gradient)
            return
        squares = self.squares.index_select(0, rows).add_(self._square(gradient))
        self.squares.index_copy_(0, rows, squares)
        move = gradient.div(squares.sqrt_().add_(_EPSILON))
        self.table.index_add_(0, rows, move, alpha=-self.learning_rate)

    def _step_all(self, gradient: Tensor) -> None:
        if self.per_row:
            self.squares.add_(self._square(gradient))
        else:
            self.squares.addcmul_(gradient, gradient)
        if self._scale is None:
            self._scale = torch.empty_like(self.squares)
        scale = torch.sqrt(self.squares, out=self._scale).add_(_EPSILON)
        self.table.addcdiv_(gradient, scale, value=-self.learning_rate)

    def _square(self, gradient: Tensor) -> Tensor:
        if self.per_row:
            return gradient.square().mean(1, keepdim=True)
        return gradient.square()

    def state(self) -> dict[str, Tensor]:
        """Return the sums of squares."""
        return {"squares": self.squares}


class RowAdam:
    """Adam over a table; moments of rows that a step does not use stay as they are.

    Args:
        table: `(rows, width)` parameter, changed in place.
        learning_rate: the step.

    References:
        Kingma and Ba, 2015, arXiv:1412.6980; each row counts its own steps.
    """

    MEAN, SQUARE = 0.9, 0.999

    def __init__(self, table: nn.Parameter, *, learning_rate: float) -> None:
        self.table = table.detach()
        self.learning_rate = learning_rate
        self.mean = torch.zeros_like(self.table)
        self.square = torch.zeros_like(self.table)
        self.steps = torch.zeros((len(table), 1), dtype=table.dtype, device=table.device)

    def step(self, gradient: Tensor, *, rows: Tensor | None = None) -> None:
        """Move rows by their gradient."""
        if rows is None:
            self.steps.add_(1)
            self.mean.lerp_(gradient, 1 - self.MEAN)
            self.square.mul_(self.SQUARE).addcmul_(gradient, gradient, value=1 - self.SQUARE)
            self.table.sub_(self._move(self.mean, self.square, self.steps))
            return
        steps, mean, square = (
            x.index_select(0, rows) for x in (self.steps, self.mean, self.square)
        )
        steps.add_(1)
        mean.lerp_(gradient, 1 - self.MEAN)
        square.mul_(self.SQUARE).addcmul_(gradient, gradient, value=1 - self.SQUARE)
        for kept, new in ((self.steps, steps), (self.mean, mean), (self.square, square)):
            kept.index_copy_(0, rows, new)
        self.table.index_add_(0, rows, self._move(mean, square, steps), alpha=-1)

    def _move(self, mean: Tensor, square: Tensor, steps: Tensor) -> Tensor:
        scale = (square / (1 - self.SQUARE**steps)).sqrt_().add_(_ADAM_EPSILON)
        return (mean / (1 - self.MEAN**steps)).div_(scale).mul_(self.learning_rate)

    def state(self) -> dict[str, Tensor]:
        """Return the moments and the steps of each row."""
        return {"mean": self.mean, "square": self.square, "steps": self.steps}


_ADAM_EPSILON = 1e-8
Optimiser = Literal["adagrad", "rowwise_adagrad", "adam"]


def make_optimiser(name: Optimiser, table: nn.Parameter, *, learning_rate: float) -> RowOptimiser:
    """Return the optimiser of that name for a table."""
    if name == "adam":
        return RowAdam(table, learning_rate=learning_rate)
    per_row = name == "rowwise_adagrad"
    return RowAdagrad(table, learning_rate=learning_rate, per_row=per_row)


def load_rows_state(optimiser: RowOptimiser, state: Mapping[str, Tensor]) -> None:
    """Go on from what `RowOptimiser.state` returned."""
    for name, tensor in optimiser.state().items():
        tensor.copy_(state[name])


def weights_state(
    optimiser: torch.optim.Optimizer, weights: Sequence[nn.Parameter]
) -> dict[str, Tensor]:
    """Return the state that torch's optimiser keeps of each weight, by number and name."""
    return {
        f"{i}.{name}": value
        for i, weight in enumerate(weights)
        for name, value in optimiser.state.get(weight, {}).items()
    }


def load_weights_state(
    optimiser: torch.optim.Optimizer, weights: Sequence[nn.Parameter], state: Mapping[str, Tensor]
) -> None:
    """Go on from what `weights_state` returned."""
    for key, value in state.items():
        number, _, name = key.partition(".")
        weight = weights[int(number)]
        place = value.device if name == "step" else weight.device  # Adam counts on the CPU
        optimiser.state[weight][name] = value.to(place, copy=True)
