"""The heads by name: what reads fused states out."""

from __future__ import annotations

from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.config import FusedConfig
from lichen.fusion.head import PairsHead
from lichen.fusion.matched import MatchedHead
from lichen.fusion.pooled import PooledHead
from lichen.fusion.token_head import TokenHead

Head = PairsHead | PooledHead | TokenHead


def make_head(config: FusedConfig, dim: int, nodes: GraphEncoder | None, num_outputs: int) -> Head:
    """Return a fresh head of the kind that a model is configured with.

    Args:
        config: the model's settings.
        dim: width of a state.
        nodes: gives the scorer of "pairs".
        num_outputs: numbers that the task wants of a text, or of a token.
    """
    if config.head == "token":
        return TokenHead(dim, num_outputs, hidden=config.hidden)
    sizes = {"mentions": config.mentions, "hidden": config.hidden}
    if config.head == "pooled":
        return PooledHead(dim, num_outputs, **sizes)
    if config.head == "matched":
        return MatchedHead(dim, num_outputs, **sizes)
    return PairsHead(dim, num_outputs, nodes=nodes, drop=config.drop, **sizes)
