"""The facts of an entity that training never saw to a vector for it, in closed form."""

from __future__ import annotations

from torch import Tensor

_TINY = 1e-12  # a mean of opposite directions has no length


def place_unseen(implied: Tensor, *, size: Tensor | None) -> Tensor:
    """Return the mean of the vectors that the facts of an entity imply for it.

    Under an inner product a fact implies a direction, so the mean is brought to the usual
    length; under a distance it implies a point.

    Args:
        implied: `(facts, entity width)` what each fact asks the entity to be; at least one.
        size: a number, the usual length of an entity's vector; None keeps the mean as it is.

    Returns:
        `(entity width,)`
    """
    mean = implied.mean(dim=0)
    if size is None:
        return mean
    length: Tensor = mean.norm().clamp_min(_TINY)
    return mean * (size / length)
