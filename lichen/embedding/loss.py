"""Scores of right and wrong answers to the number that training lowers, and to its gradient.

The losses here write their gradient over the scores they were given, so that a training step
holds one block of scores and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lichen.embedding.compare import Comparison

CHUNK_SCORES = 4_000_000
"""Scores held at a time when comparing with all entities: 16 MB."""


class Answers(NamedTuple):
    """The right answers of a batch of queries."""

    rows: Tensor
    """`(hits,)` int; number of the query, ascending."""
    columns: Tensor
    """`(hits,)` int; the candidate that answers it."""
    weights: Tensor
    """`(hits,)` what each counts in the loss."""

    def between(self, start: int, stop: int) -> Answers:
        """Return the answers of queries start to stop, counted from start."""
        first, last = torch.searchsorted(self.rows, self.rows.new_tensor([start, stop])).tolist()
        chosen = slice(first, last)
        return Answers(self.rows[chosen] - start, self.columns[chosen], self.weights[chosen])


def softmax_loss(
    scores: Tensor, answers: Answers, *, hide_known: bool, stands_for: Tensor | None = None
) -> Tensor:
    """Return the summed cross-entropy of each answer among all candidates.

    With all candidates and one query for all facts of the same (h, r), this is 1-vs-all; with
    weights 1 / (answers of the query) it is k-vs-all with a uniform target.

    Args:
        scores: `(b, n)`; overwritten by the gradient.
        answers: the right ones.
        hide_known: whether the other answers of a query stay out of an answer's competition.
        stands_for: `(n,)` logarithm of how many candidates each stands for where it is no
            answer, -inf for none; None is one each.

    Returns:
        A number, the weighted sum over the answers.

    References:
        Lacroix et al., 2018, arXiv:1806.07297, section 2 ("full multiclass log-softmax").
    """
    rows, columns, weights = answers
    if stands_for is not None:
        own = scores[rows, columns]
        scores.add_(stands_for)[rows, columns] = own
    top = scores.amax(1, keepdim=True)
    true = scores[rows, columns] - top[rows, 0]
    scores.sub_(top).exp_()
    if hide_known:
        scores[rows, columns] = 0.0
    total = scores.sum(1)
    gap = total.clamp_min(_TINY).log()[rows] - true
    if hide_known:
        pull = weights * gap.sigmoid()
        loss = (weights * nn.functional.softplus(gap)).sum()
    else:
        pull = weights
        loss = (weights * gap).sum()
    share = torch.zeros_like(total).index_add_(0, rows, pull)
    scores.mul_((share / total.clamp_min(_TINY))[:, None])
    scores.index_put_((rows, columns), -pull, accumulate=True)
    return loss


def binary_loss(scores: Tensor, answers: Answers, *, scale: float) -> Tensor:
    """Return the summed binary cross-entropy of all queries and candidates, times a scale.

    Args:
        scores: `(b, n)`; overwritten by the gradient.
        answers: the right ones; their weights are not read.
        scale: multiplies loss and gradient.

    Returns:
        A number.

    References:
        Dettmers et al., 2018, arXiv:1707.01476, equation 2.
    """
    rows, columns, _ = answers
    loss = nn.functional.softplus(scores).sum() - scores[rows, columns].sum()
    scores.sigmoid_()
    scores.index_put_((rows, columns), scores.new_tensor(-1.0), accumulate=True)
    scores.mul_(scale)
    return loss * scale


class Against(NamedTuple):
    """A loss over true and sampled scores, with its gradients."""

    loss: Tensor
    """A number, the sum over the facts."""
    true: Tensor
    """`(b,)` gradient by the true scores; that by the sampled ones stands in their place."""


def sampled_softmax(true: Tensor, sampled: Tensor) -> Against:
    """Return the cross-entropy of each true answer against a sample that the batch shares.

    Scores of known answers must be very low. With minus the logarithm of the chance of being drawn
    added to the sampled scores, their sum stands for the sum over all entities.

    Args:
        true: `(b,)` scores of the true answers.
        sampled: `(b, n)` scores of the drawn entities; overwritten by the gradient.

    Returns:
        Loss and gradients.
    """
    top = sampled.amax(1, keepdim=True)
    sampled.sub_(top).exp_()
    total = sampled.sum(1).clamp_min(_TINY)
    gap = total.log() + top[:, 0] - true
    pull = gap.sigmoid()
    sampled.mul_((pull / total)[:, None])
    return Against(nn.functional.softplus(gap).sum(), -pull)


def margin_loss(true: Tensor, sampled: Tensor, *, margin: float) -> Against:
    """Return how far sampled scores come within a margin of the true one, mean over the sample.

    Args:
        true: `(b,)` scores of the true answers.
        sampled: `(b, n)` scores, very low where known; overwritten by the gradient.
        margin: the distance asked for.

    Returns:
        Loss and gradients.

    References:
        Bordes et al., 2013, NeurIPS 26, equation 1.
    """
    excess = sampled.sub_(true[:, None]).add_(margin).clamp_min_(0.0)
    loss = excess.sum() / sampled.shape[1]
    upstream = excess.sign_().div_(sampled.shape[1])
    return Against(loss, -upstream.sum(1))


def self_adversarial_loss(
    true: Tensor, sampled: Tensor, *, margin: float, temperature: float
) -> Against:
    """Return the log-sigmoid loss in which harder samples weigh more.

    Args:
        true: `(b,)` scores of the true answers.
        sampled: `(b, n)` scores, very low where known; overwritten by the gradient.
        margin: added to all scores; distances are compared with it.
        temperature: of the weights' softmax over the sample; 0 weighs all alike.

    Returns:
        Loss and gradients; the weights are constants.

    References:
        Sun et al., 2019, arXiv:1902.10197, equations 5 and 6.
    """
    weight = (sampled * temperature).softmax(1)
    sampled.add_(margin)
    loss = -nn.functional.logsigmoid(true + margin).sum() / 2
    loss = loss + (weight * nn.functional.softplus(sampled)).sum() / 2
    sampled.sigmoid_().mul_(weight).div_(2)
    return Against(loss, -(-(true + margin)).sigmoid() / 2)


def against_all(
    comparison: Comparison,
    queries: Tensor,
    candidates: Tensor,
    answers: Answers,
    *,
    loss: Callable[[Tensor, Answers], Tensor],
    into: Tensor,
) -> tuple[Tensor, Tensor]:
    """Compare queries with all candidates, a block of scores at a time.

    No score outlives its block: memory is `CHUNK_SCORES` numbers whatever the batch and graph.

    Args:
        comparison: how they meet.
        queries: `(b, width)`, outside autograd.
        candidates: `(n, width)`, outside autograd.
        answers: the right ones, rows ascending.
        loss: turns a block of scores to its gradient and returns its value.
        into: `(n, width)`; the gradient by the candidates is added to it.

    Returns:
        The loss, a number, and the gradient by the queries `(b, width)`.
    """
    size = max(1, min(len(queries), CHUNK_SCORES // max(1, len(candidates))))
    block = queries.new_empty(size, len(candidates))
    total, toward = queries.new_zeros(()), []
    for start in range(0, len(queries), size):
        asked = queries[start : start + size]
        scores = comparison.scores(asked, candidates, out=block[: len(asked)])
        kept = scores if comparison.is_dot else scores.clone()
        total += loss(scores, answers.between(start, start + len(asked)))
        toward.append(comparison.pull(asked, candidates, kept, scores, into))
    return total, torch.cat(toward)


def n3(sizes: Tensor, weights: Tensor) -> Tensor:
    """Return the N3 penalty: cubed coordinate sizes, summed, weighed by row.

    Args:
        sizes: `(rows, parts)` from `Scorer.moduli`.
        weights: `(rows,)` facts that use the row.

    Returns:
        A number, the sum over the rows.

    References:
        Lacroix et al., 2018, arXiv:1806.07297, section 4.
    """
    return ((sizes * sizes * sizes).sum(1) * weights).sum()


def squares(vectors: Tensor, weights: Tensor) -> Tensor:
    """Return squared coordinates, summed, weighed by row: `(rows, width)`, `(rows,)` -> `()`."""
    return (vectors.square().sum(1) * weights).sum()


_TINY = 1e-30  # an empty competition has no mass
