"""How much each mention of a batch read of what it was shown, as its fusion method weighed it."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from lichen.fusion.known import Known


class Shares(NamedTuple):
    """The weights of each linked mention; over facts, entities and nothing they sum to 1.

    Rows of mentions without an entity, or without a token, mean nothing.
    """

    facts: Tensor
    """`(batch, mentions, facts)`; of each fact about the mention's entity, 0 where there is none;
    no column where the method reads no facts."""
    own: Tensor | None
    """`(batch, mentions)`; of the mention's own entity. None: it is always read whole, and not
    weighed."""
    others: Tensor
    """`(batch, mentions, mentions)`; of the entity of each other mention, 0 on the diagonal; no
    column where a mention reads nothing of others."""
    nothing: Tensor
    """`(batch, mentions)`; of reading nothing."""

    @classmethod
    def of_own(cls, weights: Tensor, known: Known) -> Shares:
        """Average over each mention's tokens, where a token reads its own entity alone.

        Args:
            weights: `(linked tokens, facts + 2)`; of each fact, the entity and nothing.
            known: the knowledge that was read.
        """
        at_tokens = weights.new_zeros((*known.mask.shape, weights.shape[-1]))
        at_tokens[known.linked] = weights
        mean = known.mention_means(at_tokens)
        return cls(mean[..., :-2], mean[..., -2], mean[..., :0], mean[..., -1])
