"""A gate for each dimension: a token takes some of what its entity says, and leaves the rest."""

from __future__ import annotations

from lichen.fusion.gate import GateFusion


class DimGateFusion(GateFusion):
    """Let every token decide, dimension by dimension, how much of its entity to read.

    With token state x and entity vector e, the result is x + g * (V e), where
    g = sigmoid(W [x, e] + b) has one number per dimension, nearly 1 at the start.

    Use when examples are many and entities say more than the task needs. Prefer `GateFusion`
    with few examples: it has dim times fewer gate parameters.

    Shapes: states `(batch, tokens, dim)`, entities `(batch, mentions, entity_dim)` ->
    `(batch, tokens, dim)`.
    Cost: one `(dim + 2 * entity_dim, dim)` product a linked token,
    dim * (dim + 2 * entity_dim + 1) parameters.
    """

    PAPER = "Arevalo et al., 2017, arXiv:1702.01992"
    EACH_DIM = True
