"""Scores of right and wrong answers to the number that training lowers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from lichen.embedding.scorer import Scorer


def against_all(scores: Tensor, truth: Tensor) -> Tensor:
    """Return the cross-entropy of the true answer among all entities.

    Args:
        scores: `(batch, entities)`.
        truth: `(batch,)`; column of the true answer.

    Returns:
        A number, the mean over the batch.

    References:
        Lacroix et al., 2018, arXiv:1806.07297, section 2 ("full multiclass log-softmax").
    """
    return nn.functional.cross_entropy(scores, truth)


def against_sample(
    true: Tensor, sampled: Tensor, *, own: tuple[Tensor, Tensor], num_entities: int
) -> Tensor:
    """Return the cross-entropy of the true answer against a sample that the batch shares.

    The sample's sum is scaled to all entities, so the loss estimates `against_all`.

    Args:
        true: `(batch,)` scores of the true answers.
        sampled: `(batch, sample)` scores of entities drawn uniformly; changed in place.
        own: `(hits,)` rows and `(hits,)` columns at which the draw is the row's own answer,
            which then does not compete with itself.
        num_entities: how many the sample was drawn from.

    Returns:
        A number, the mean over the batch.
    """
    rivals = sampled.index_put_(own, sampled.new_tensor(-math.inf)).logsumexp(dim=1)
    return nn.functional.softplus(rivals + math.log(num_entities / sampled.shape[1]) - true).mean()


def n3(scorer: Scorer, *factors: Tensor) -> Tensor:
    """Return the N3 penalty: cubed coordinate sizes of the vectors in use, summed, per fact.

    Args:
        scorer: says what the size of a coordinate is.
        *factors: `(batch, width)` each: heads, relations, tails.

    Returns:
        A number, the mean over the batch.

    References:
        Lacroix et al., 2018, arXiv:1806.07297, section 4.
    """
    sizes = [scorer.moduli(factor) for factor in factors]
    return torch.stack([(x * x * x).sum() / len(x) for x in sizes]).sum()
