"""A language model tried on a few tokens: whether it is read where a fusion wants to read in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch
from torch import Tensor

from lichen.base.errors import ConfigError, first_line
from lichen.fusion.batch import Batch
from lichen.fusion.branches import Grown, grown_states, pad_grown
from lichen.fusion.config import FusedConfig
from lichen.fusion.operator import fusion_class
from lichen.fusion.passage import Passage
from lichen.fusion.seen import require_positions
from lichen.fusion.told import told
from lichen.lm.text_encoder import READABLE, TextEncoder

ROUNDED, EXACT = 0.02, 1e-3
"""How far states may be from those of a whole pass, relative to the greatest, by precision."""
TRIED = 3
"""Tokens it is tried on: an odd number, so that a model that fills texts up to even ones shows."""


@torch.no_grad()
def require_readable(config: FusedConfig, text: TextEncoder) -> None:
    """Refuse a language model that fails on a few tokens, at the output or at the point of fusion.

    Raises:
        ConfigError: it fails, or gives other states than one a token.
    """
    ids = torch.arange(TRIED, device=text.device).unsqueeze(0)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    was_training = text.model.training
    text.model.eval()  # dropout would draw, and a resumed run would then draw other numbers
    try:
        with _failing(text, "must give a state for each token of a text"):
            _require_fit(text.read(inputs))
        if config.fusion == "input":
            require_positions(text)
            must = f"must read a text with its facts as words, at fusion.at={config.at!r}"
            with _failing(text, must, or_take="another fusion"):
                _require_fit(_read_told(config, text, inputs))
        elif config.point is not None:
            must = f"must give states at fusion.at={config.at!r}, and go on from them"
            with _failing(text, must, or_take="at='output' and a fusion such as 'gate'"):
                _read_inside(config, text, inputs)
    finally:
        text.model.train(was_training)


def is_readable(config: FusedConfig, text: TextEncoder) -> bool:
    """Say whether `require_readable` lets a language model pass."""
    try:
        require_readable(config, text)
    except ConfigError:
        return False
    return True


def _read_inside(config: FusedConfig, text: TextEncoder, inputs: dict[str, Tensor]) -> None:
    """Read up to the point as frozen and as trained models do, and go on from there."""
    point = config.point
    assert point is not None
    _require_fit(text.read(inputs, point))
    passage = Passage(text, cast("Batch", inputs), at=point)
    states = passage.before()
    _require_fit(states)
    out, whole = passage.after(states), text.read(inputs)
    _require_fit(out)
    _require_alike(out, whole, text)
    if fusion_class(config.fusion).ROOM:
        behind = torch.ones((1, 1), dtype=torch.long, device=text.device)
        longer = torch.cat([states, states[:, :1]], 1)
        _require_fit(passage.after(longer, behind=behind), TRIED + 1)


def _read_told(config: FusedConfig, text: TextEncoder, inputs: dict[str, Tensor]) -> Tensor:
    """Return the states of a text whose second token has a fact."""
    ids, point = inputs["input_ids"], config.point
    if not point:
        return _read_grown(text, ids[0])
    states = text.read(inputs, point)
    batch = {
        "attention_mask": inputs["attention_mask"],
        "mention_of": torch.tensor([[-1, 0, -1]], device=ids.device),
        "facts": ids.new_zeros((1, 1, 1, 2)),
        "fact_states": states[:, None, :1],
    }
    found = told(text, states, batch, at=point)
    _require_alike(found.plain, text.read(inputs), text)
    return found.plain + found.moved


def _read_grown(text: TextEncoder, ids: Tensor) -> Tensor:
    """Return the states of tokens that are told where they stand, and whom they see."""
    positions = torch.arange(len(ids))
    visible = positions.unsqueeze(1) >= positions
    grown = Grown(ids.cpu(), positions + text.first_position, visible, torch.tensor([1]))
    return grown_states(text, pad_grown([grown]))


def _require_alike(found: Tensor, whole: Tensor, text: TextEncoder) -> None:
    """Refuse states of part of the layers where later ones read more than states."""
    apart, most = (float(x.abs().max()) for x in (found - whole, whole))
    if apart > (ROUNDED if text.uses_half else EXACT) * most:
        raise ValueError(f"states that are {apart:.2g} from those of a whole pass")


def _require_fit(states: Tensor, count: int = TRIED) -> None:
    if states.shape[:2] != (1, count):
        raise ValueError(f"states {tuple(states.shape)} for {count} tokens")


@contextmanager
def _failing(text: TextEncoder, must: str, *, or_take: str | None = None) -> Iterator[None]:
    """Say of whatever goes wrong inside what must hold, and what to take instead."""
    try:
        yield
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - each architecture fails in its own way
        rest = "" if or_take is None else f", or {or_take}"
        raise ConfigError(
            f"language model {text.name!r} ({type(text.model).__name__}): {must}; got: "
            f"{first_line(error)} Take {READABLE} model{rest}."
        ) from None
