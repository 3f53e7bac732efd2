"""Addition: a token's state plus its entity's vector, mapped to the state's width."""

from __future__ import annotations

from torch import Tensor

from lichen.fusion.known import Known
from lichen.fusion.operator import TokenFusion, entity_writer


class AddFusion(TokenFusion):
    """Add to each token of a mention its entity's vector, mapped to the state's width.

    With token state x and entity vector e, the result is x + V e.

    Use as the plainest way of reading an entity, and with few examples: V is all there is to
    learn. Prefer `GateFusion` where links are noisy.

    Shapes: states `(batch, tokens, dim)`, entities `(batch, mentions, entity_dim)` ->
    `(batch, tokens, dim)`.
    Cost: one `(entity_dim, dim)` product a linked token, dim * entity_dim parameters.
    """

    PAPER = "Peters et al., 2019, arXiv:1909.04164 (KnowBert's recontextualised sum, without MLP)"

    def build(self) -> None:
        """Make V."""
        self.write = entity_writer(self.dim, self.entity_dim)

    def read(self, tokens: Tensor, known: Known, linked: Tensor) -> Tensor:
        """Return x + V e."""
        out: Tensor = tokens[linked] + self.write(known.entities[linked])
        return out
