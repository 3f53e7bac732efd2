"""No fusion: the twin that measures what the text alone is worth."""

from __future__ import annotations

from torch import Tensor

from lichen.fusion.operator import Fusion


class NoFusion(Fusion):
    """Return the token states as they are; entities are not read.

    Use as the baseline of every other method: head, data, seeds and budget stay the same.

    Shapes: tokens `(batch, tokens, dim)`, entities `(batch, tokens, entity_dim)`,
    linked `(batch, tokens)` bool -> `(batch, tokens, dim)`.
    Cost: none, and no parameters.
    """

    PAPER = None

    def read(self, tokens: Tensor, entities: Tensor, linked: Tensor) -> Tensor:
        """Return the tokens; a gradient of zero reaches the entities."""
        return tokens[linked] + 0.0 * entities[linked].sum(-1, keepdim=True)
