"""Gradients of some rows of a table to an Adagrad step on those rows alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_EPSILON = 1e-10


class RowAdagrad:
    """Adagrad over a table whose steps use few of its rows; the others cost nothing.

    Args:
        table: `(rows, width)` parameter, changed in place.
        learning_rate: the step; a coordinate's first update has about this size.

    References:
        Duchi et al., 2011, JMLR 12.
    """

    def __init__(self, table: nn.Parameter, *, learning_rate: float) -> None:
        self.table = table
        self.learning_rate = learning_rate
        self.squares = torch.zeros_like(table, requires_grad=False)

    @torch.no_grad()
    def step(self, gradient: Tensor, *, rows: Tensor | None = None) -> None:
        """Move rows by their gradient.

        Args:
            gradient: `(used, width)`; gradients of a row that occurs twice are added.
            rows: `(used,)` row of each gradient; None is the whole table in order.
        """
        if rows is None:
            self.squares.addcmul_(gradient, gradient)
            scale = self.squares.sqrt().add_(_EPSILON)
            self.table.addcdiv_(gradient, scale, value=-self.learning_rate)
            return
        distinct, place = torch.unique(rows, return_inverse=True)
        total = gradient.new_zeros(len(distinct), gradient.shape[1]).index_add_(0, place, gradient)
        squares = self.squares.index_select(0, distinct).addcmul_(total, total)
        self.squares.index_copy_(0, distinct, squares)
        move = total.div_(squares.sqrt_().add_(_EPSILON)).mul_(-self.learning_rate)
        self.table.index_add_(0, distinct, move)
