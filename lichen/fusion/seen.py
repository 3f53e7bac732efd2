"""A backbone told of each token where it stands and whom it sees, from its ids or from within."""

from __future__ import annotations

import inspect

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig

from lichen.base.errors import ConfigError
from lichen.fusion.disentangled import disentangled_states, is_disentangled
from lichen.fusion.splice import spliced
from lichen.lm.attention import attention_of
from lichen.lm.text_encoder import READABLE, TextEncoder


def seen_states(
    text: TextEncoder,
    *,
    positions: Tensor,
    visible: Tensor,
    ids: Tensor | None = None,
    given: tuple[int, Tensor] | None = None,
) -> Tensor:
    """Return a backbone's output for tokens that need not stand where they lie in the sequence.

    Args:
        text: the language model; see `require_positions`.
        positions: `(batch, tokens)` int; where each token is said to stand.
        visible: `(batch, tokens, tokens)` bool; True where the row's token sees the column's.
        ids: `(batch, tokens)`; None where states are given.
        given: a hidden layer and its states `(batch, tokens, dim)`, to start after.

    Returns:
        `(batch, tokens, dim)` float32.
    """
    ids = torch.zeros_like(positions) if ids is None else ids
    backbone: nn.Module = text.model
    if given is not None:
        backbone = spliced(backbone, given=given, as_tuple=text.returns_tuple)
    with text.autocast(), attention_of(ids.device, tokens=ids.shape[1]):
        if is_disentangled(backbone):
            states = disentangled_states(backbone, ids=ids, positions=positions, visible=visible)
        else:
            masks = _masks(text, visible, positions)
            out = backbone(input_ids=ids, position_ids=positions, attention_mask=masks)
            states = out.last_hidden_state
    return states.float()


def takes_positions(backbone: nn.Module) -> bool:
    """Say whether a backbone can be told where each token stands."""
    return "position_ids" in inspect.signature(backbone.forward).parameters


def require_positions(text: TextEncoder) -> None:
    """Refuse a language model that does not take a position and a row of the mask for each token.

    Raises:
        ConfigError: it takes no positions, or goes by the distance of tokens in the sequence.
    """
    config = text.model.config
    by_sequence = hasattr(config, "relative_attention_num_buckets")  # such as MPNet
    by_sequence |= getattr(config, "conv_kernel_size", 0) > 0  # such as the largest DeBERTa
    if by_sequence or not takes_positions(text.model):
        raise ConfigError(
            f"fusion 'input' must be told where each token stands, and whom it sees; {text.name!r} "
            f"({type(text.model).__name__}) takes no positions. Take {READABLE} model, or another "
            "fusion."
        )


def _masks(text: TextEncoder, visible: Tensor, positions: Tensor) -> Tensor | dict[str, Tensor]:
    """Return who sees whom as the backbone takes it, nearness included where layers go by it."""
    config = text.model.config
    window = getattr(config, "sliding_window", None)
    kinds = set(getattr(config, "layer_types", None) or ())
    if window is None:
        return _mask(config, visible)
    apart = (positions.unsqueeze(2) - positions.unsqueeze(1)).abs()
    near = visible & (apart < window + (not text.is_causal))
    if not kinds:
        return _mask(config, near)
    return {k: _mask(config, near if k == "sliding_attention" else visible) for k in kinds}


def _mask(config: PreTrainedConfig, visible: Tensor) -> Tensor:
    """Return a mask `(batch, 1, all tokens, all tokens)`, bool or added to the scores."""
    mask = visible.unsqueeze(1)
    if config._attn_implementation == "sdpa":  # noqa: SLF001 - the public name is this
        return mask
    return torch.where(mask, 0.0, torch.finfo(torch.float32).min)
