"""A DeBERTa told where each token stands and whom it sees, which its own forward pass is not."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from transformers import DebertaModel, DebertaV2Model
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position


def is_disentangled(backbone: nn.Module) -> bool:
    """Say whether a backbone is a DeBERTa of either version."""
    return isinstance(backbone, DebertaModel | DebertaV2Model)


def disentangled_states(
    backbone: nn.Module, *, ids: Tensor, positions: Tensor, visible: Tensor
) -> Tensor:
    """Return a DeBERTa's output for tokens that need not stand where they lie in the sequence.

    Its layers go by the distance of tokens, which is here that of their positions.

    Args:
        backbone: without a convolution, which goes by the sequence.
        ids: `(batch, tokens)`.
        positions: `(batch, tokens)` int; where each token is said to stand.
        visible: `(batch, tokens, tokens)` bool; True where the row's token sees the column's.

    Returns:
        `(batch, tokens, dim)`.

    References:
        He et al., 2020, arXiv:2006.03654 (disentangled attention).
    """
    assert isinstance(backbone, DebertaModel | DebertaV2Model)
    embedded = backbone.embeddings(input_ids=ids, position_ids=positions, mask=torch.ones_like(ids))
    out = backbone.encoder(
        embedded, visible.unsqueeze(1), relative_pos=_distances(backbone, positions)
    )
    return cast("Tensor", out.last_hidden_state)


def _distances(backbone: DebertaModel | DebertaV2Model, positions: Tensor) -> Tensor | None:
    """Return how far apart tokens stand, in the shape that this version's attention takes."""
    encoder, config = backbone.encoder, backbone.config
    if not encoder.relative_attention:
        return None
    apart = positions.unsqueeze(2) - positions.unsqueeze(1)
    if isinstance(backbone, DebertaModel):
        return apart.unsqueeze(1)
    if encoder.position_buckets > 0:
        most = encoder.max_relative_positions
        apart = make_log_bucket_position(apart, encoder.position_buckets, most).long()
    return apart.repeat_interleave(config.num_attention_heads, 0).unsqueeze(0)
