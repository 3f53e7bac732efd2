"""Scores of right and wrong answers to the number that training lowers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from lichen.embedding.scorer import Scorer


def against_all(scores: Tensor, truth: Tensor, *, known: tuple[Tensor, Tensor]) -> Tensor:
    """Return the cross-entropy of the true answer among all entities.

    Args:
        scores: `(batch, entities)`; changed in place.
        truth: `(batch,)`; column of the true answer.
        known: `(hits,)` rows and `(hits,)` columns of known answers, the true one included;
            they do not compete.

    Returns:
        A number, the mean over the batch.

    References:
        Lacroix et al., 2018, arXiv:1806.07297, section 2 ("full multiclass log-softmax").
    """
    right = scores[torch.arange(len(truth), device=truth.device), truth]
    return _against(right, scores, known)


def against_sample(
    true: Tensor, sampled: Tensor, *, known: tuple[Tensor, Tensor], log_weight: Tensor
) -> Tensor:
    """Return the cross-entropy of the true answer against a sample that the batch shares.

    With `log_weight` the minus logarithm of the chance that an entity is in the sample, the
    sample's sum stands for the sum over all entities, and the loss estimates `against_all`.

    Args:
        true: `(batch,)` scores of the true answers.
        sampled: `(batch, sample)` scores of distinct drawn entities; changed in place.
        known: `(hits,)` rows and `(hits,)` columns at which the draw is a known answer of the
            row, the true one included; it then does not compete.
        log_weight: `(sample,)`, added to the sampled scores.

    Returns:
        A number, the mean over the batch.
    """
    return _against(true, sampled.add_(log_weight), known)


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


def _against(true: Tensor, others: Tensor, known: tuple[Tensor, Tensor]) -> Tensor:
    rivals = others.index_put_(known, others.new_tensor(-math.inf)).logsumexp(dim=1)
    return nn.functional.softplus(rivals - true).mean()
