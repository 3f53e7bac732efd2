"""The facts of an entity that training never saw to a vector for it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.embedding.adagrad import RowAdagrad
from lichen.embedding.loss import against_sample, n3
from lichen.embedding.scorer import Scorer

STEPS = 60
LEARNING_RATE = 0.1
N3 = 0.01


def fit_unseen(
    scorer: Scorer, asking: Tensor, answering: Tensor, *, others: Tensor, rivals: Tensor
) -> Tensor:
    """Fit one vector to its facts by the loss that trained the others, all else held still.

    Args:
        scorer: the formula.
        asking: `(facts, relation width)` relation by which the new entity asks for the other.
        answering: `(facts, relation width)` relation by which the other asks for the new entity.
        others: `(facts, entity width)` the other entity of each fact.
        rivals: `(sample, entity width)` entities that the answers compete with.

    Returns:
        `(entity width,)`
    """
    table = nn.Parameter(others.new_zeros(1, others.shape[1]))
    optimiser = RowAdagrad(table, learning_rate=LEARNING_RATE)
    none = torch.empty(0, dtype=torch.long, device=others.device)
    for _ in range(STEPS):
        leaf = table.detach().clone().requires_grad_()
        new = leaf.expand(len(others), -1)
        loss = N3 * n3(scorer, leaf)
        for head, relation, tail in ((new, asking, others), (others, answering, new)):
            loss = loss + against_sample(
                scorer.score(head, relation, tail),
                scorer.score_tails(head, relation, rivals),
                known=(none, none),
                log_weight=rivals.new_zeros(()),
            )
        (gradient,) = torch.autograd.grad(loss, leaf)
        optimiser.step(gradient)
    return table.detach()[0]
