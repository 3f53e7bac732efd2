"""A mention read again in a backbone's last layers, beside facts that were read apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from lichen.fusion.seen import seen_states
from lichen.lm.text_encoder import TextEncoder


class Told(NamedTuple):
    """A batch of texts as without facts, and what facts change at their mentions."""

    plain: Tensor
    """`(batch, tokens, dim)`; the backbone's output."""
    moved: Tensor
    """`(batch, mentions, dim)`; how far its facts move each mention, 0 where it has none."""


def told(text: TextEncoder, states: Tensor, batch: Mapping[str, object], *, at: int) -> Told:
    """Read texts on from a hidden layer, and one token of each mention a second time.

    Each fact stands in the sequence as one state. It sees itself, its mention's second reading and
    the tokens that open and close the text; the second reading sees the text but for the token as
    it was first read, and the mention's facts; nothing else sees either. Mention and facts take the
    soft positions of K-BERT: facts follow the mention, in a causal model they come before it.

    Args:
        text: the language model.
        states: `(batch, tokens, dim)`; what the hidden layer gave for the texts.
        batch: `attention_mask`, `mention_of`, `facts` and `fact_states`, as in `Batch`.
        at: the hidden layer, from 1.

    References:
        Liu et al., 2020, arXiv:1909.07606 (visibility and soft positions).
    """
    mask, owner, facts, known = (
        cast("Tensor", batch[key]).to(states.device)
        for key in ("attention_mask", "mention_of", "facts", "fact_states")
    )
    is_fact = facts[..., 0] >= 0
    owners = owner.unsqueeze(-1) == torch.arange(facts.shape[1], device=owner.device)
    is_fact = is_fact & owners.any(1).unsqueeze(-1)
    mentions, most = _used(is_fact.any(-1)), _used(is_fact.flatten(0, 1))
    is_fact, owners = is_fact[:, :mentions, :most], owners[..., :mentions]
    ends = (owners * torch.arange(mask.shape[1], device=mask.device).view(1, -1, 1)).amax(1)
    speaker = ends if text.is_causal else owners.int().argmax(1)  # a causal last one has read all
    again = speaker.unsqueeze(-1).expand(-1, -1, states.shape[-1])
    beside = known[:, :mentions, :most].flatten(1, 2).to(states.dtype)
    out = seen_states(
        text,
        positions=_positions(text, mask, (speaker, ends), most),
        visible=_visible(mask.bool(), speaker, is_fact, is_causal=text.is_causal),
        given=(at, torch.cat([states, states.gather(1, again), beside], 1)),
    )
    plain, second = out[:, : mask.shape[1]], out[:, mask.shape[1] :][:, :mentions]
    change = (second - plain.gather(1, again)) * is_fact.any(-1, keepdim=True)
    return Told(plain, nn.functional.pad(change, (0, 0, 0, facts.shape[1] - mentions)))


def _used(there: Tensor) -> int:
    """Return how many columns there are up to the last one that any row of `there` has."""
    columns = there.any(0).nonzero()
    return int(columns.max()) + 1 if len(columns) else 0


def _positions(text: TextEncoder, mask: Tensor, at: tuple[Tensor, Tensor], most: int) -> Tensor:
    """Return where tokens, second readings and `most` facts a mention stand, `(batch, all)`.

    Args:
        text: the language model.
        mask: `(batch, tokens)`.
        at: `(batch, mentions)` each; the token that is read again, and the mention's last one.
        most: facts a mention.
    """
    own = torch.arange(mask.shape[1], device=mask.device).expand_as(mask)
    speaker, beside = at[0], at[1].repeat_interleave(most, 1)
    late = int(text.is_causal)
    found = torch.cat([own, speaker + late, beside + 1 - late], 1) + text.first_position
    return found.clamp(max=text.num_positions - 1)


def _visible(mask: Tensor, speaker: Tensor, is_fact: Tensor, *, is_causal: bool) -> Tensor:
    """Return who sees whom, `(batch, all, all)` bool; what is not there sees itself."""
    batch, size = mask.shape
    mentions, most = is_fact.shape[1:]
    numbers = torch.arange(size, device=mask.device)
    count = size + mentions * (1 + most)
    visible = torch.eye(count, dtype=torch.bool, device=mask.device).repeat(batch, 1, 1)
    visible[:, :size, :size] |= mask.unsqueeze(1)
    again = mask.unsqueeze(1) & (numbers != speaker.unsqueeze(-1))
    if is_causal:
        visible[:, :size, :size] &= numbers.unsqueeze(1) >= numbers
        again = again & (numbers < speaker.unsqueeze(-1))
    is_told = is_fact.any(-1, keepdim=True)
    visible[:, size : size + mentions, :size] = again & is_told
    blocks = torch.eye(mentions, dtype=torch.bool, device=mask.device).repeat_interleave(most, 1)
    own = blocks & is_fact.flatten(1).unsqueeze(1)  # which facts are a mention's
    visible[:, size : size + mentions, size + mentions :] = own
    there = is_fact.flatten(1)
    visible[:, size + mentions :, 0] = there
    if not is_causal:
        visible[:, size + mentions :, size : size + mentions] = own.transpose(1, 2)
        closing = numbers == (mask * numbers).amax(1, keepdim=True)
        visible[:, size + mentions :, :size] |= there.unsqueeze(-1) & closing.unsqueeze(1)
    return visible
