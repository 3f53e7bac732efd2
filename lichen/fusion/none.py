"""No fusion: the twin that measures what the text alone is worth."""

from __future__ import annotations

from torch import Tensor

from lichen.fusion.known import Known
from lichen.fusion.operator import TokenFusion


class NoFusion(TokenFusion):
    """Return the token states as they are; entities are not read.

    Use as the baseline of every other method: head, data, seeds and budget stay the same.

    Shapes: states `(batch, tokens, dim)`, entities `(batch, mentions, entity_dim)` ->
    `(batch, tokens, dim)`.
    Cost: none, and no parameters.
    """

    PAPER = None
    WRITES_VECTORS = False

    def build(self) -> None:
        """Make nothing."""

    def read(self, tokens: Tensor, known: Known, linked: Tensor) -> Tensor:
        """Return the tokens; a gradient of zero reaches the entities."""
        return tokens[linked] + 0.0 * known.entities[linked].sum(-1, keepdim=True)
