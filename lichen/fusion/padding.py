"""Texts of many lengths through layers that compute padding too, without most of the padding."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

PART = 8
"""Texts of about one length that go through the layers together."""
MANY = 2048
"""Tokens of a batch, padding included, below which the products of a part would be too small."""
WORTH = 0.75
"""Share of a batch, padding included, above which parts would spare too little."""


def in_parts(run: Callable[[Tensor, Tensor], Tensor], states: Tensor, mask: Tensor) -> Tensor:
    """Run layers on a batch, a few texts of about one length at a time.

    What a layer computes grows with the longest text of its batch, attention with its square, so
    where most texts are short this takes half the time. An accelerator takes the batch whole.

    Args:
        run: states `(texts, some tokens, dim)` and their mask to states of the same shape; a text
            must not depend on the others.
        states: `(batch, tokens, dim)`.
        mask: `(batch, tokens)`; not 0 where there is a token.

    Returns:
        `(batch, tokens, dim)`; 0 where no text of a part has a token.
    """
    if states.device.type != "cpu" or len(states) <= PART or mask.numel() < MANY:
        return run(states, mask)
    order = mask.count_nonzero(1).argsort(stable=True)
    parts = [(rows, mask[rows].any(0).nonzero()[:, 0]) for rows in order.split(PART)]  # type: ignore[no-untyped-call]
    if sum(len(rows) * len(columns) for rows, columns in parts) > WORTH * mask.numel():
        return run(states, mask)
    out = []
    for rows, columns in parts:
        found = run(
            states.index_select(0, rows).index_select(1, columns),
            mask.index_select(0, rows).index_select(1, columns),
        )
        whole = found.new_zeros(len(rows), states.shape[1], found.shape[2])
        out.append(whole.index_copy(1, columns, found))
    return torch.cat(out).index_select(0, order.argsort())
