"""The facts of an entity that training never saw to a vector for it, in closed form."""

from __future__ import annotations

from torch import Tensor

from lichen.embedding.scorer import Scorer


def place_unseen(scorer: Scorer, asking: Tensor, others: Tensor, *, size: Tensor) -> Tensor:
    """Return the mean of the vectors that the facts of an entity imply for it.

    Under a bilinear scorer a fact implies a direction, so the mean is brought to the usual
    length; under a distance it implies a point.

    Args:
        scorer: the formula.
        asking: `(facts, relation width)` relation by which the new entity asks for the other.
        others: `(facts, entity width)` the other entity of each fact; at least one.
        size: a number, the usual length of an entity's vector.

    Returns:
        `(entity width,)`
    """
    mean = scorer.implied_head(asking, others).mean(dim=0)
    if not scorer.is_bilinear:
        return mean
    length: Tensor = mean.norm().clamp_min(_TINY)
    return mean * (size / length)


_TINY = 1e-12  # a mean of opposite directions has no length
