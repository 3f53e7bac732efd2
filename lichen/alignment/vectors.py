"""Vectors as they come, an array, a list or a tensor, to the tensor that is reckoned with."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from lichen.base.errors import DataError

Vectors = ArrayLike | Tensor
"""Such as `TextEncoder.encode` and `GraphEncoder.vectors` give."""


def as_tensor(where: str, vectors: Vectors) -> Tensor:
    """Return vectors as a float32 tensor; one that learns still does.

    Args:
        where: what the message calls them.
        vectors: rows of numbers.

    Raises:
        DataError: they are no numbers, or rows of differing length.

    >>> as_tensor("texts", [[1, 2], [3, 4]]).dtype
    torch.float32
    """
    if isinstance(vectors, Tensor):
        return vectors.float()
    try:
        return torch.from_numpy(np.require(vectors, np.float32, "W"))
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(
            f"{where}: must be rows of numbers, all of one length; got a "
            f"{type(vectors).__name__} of something else. Give an array or a tensor, such as "
            "TextEncoder.encode or GraphEncoder.vectors makes."
        ) from error
