"""Two answers to one question to how far they are apart."""

from __future__ import annotations

import torch
from torch import Tensor


def divergence(goal: Tensor, told: Tensor) -> Tensor:
    """Return the Kullback-Leibler divergence of each row, from the answer that is the goal.

    Args:
        goal: `(questions, options)` logarithms of probabilities; minus infinity where there is no
            option, in the same places as `told`.
        told: the same of the answer that is moved.

    Returns:
        `(questions,)`.

    References:
        Kullback and Leibler, 1951.

    >>> told = torch.tensor([[0.5, 0.5]]).log()
    >>> divergence(torch.tensor([[1.0, 0.0]]).log(), told)
    tensor([0.6931])
    """
    chances = goal.exp()
    return (chances * torch.where(chances > 0, goal - told, 0.0)).sum(-1)
