"""Tensors that are computed once for each key and kept beside a language model, up to a limit."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

from torch import Tensor

from lichen.base.progress import track
from lichen.lm.text_encoder import TextEncoder

LIMIT_MIB = 2048
"""Memory for what is kept under one name."""
PART = 32
"""Keys that are computed together."""


def computed_once(
    text: TextEncoder,
    name: str,
    keys: Sequence[Hashable],
    compute: Callable[[list[int]], Iterable[Tensor]],
    *,
    lengths: Sequence[int],
    what: str,
) -> list[Tensor]:
    """Return a tensor for each key; those not kept are computed, a few of about one length at once.

    What would need more than `LIMIT_MIB` is computed again when it is asked for again.

    Args:
        text: the language model beside which they are kept.
        name: what they are kept as.
        keys: what is asked for; equal ones give the same tensor.
        compute: places in `keys` to their tensors, on the processor.
        lengths: of each key's text.
        what: the words before the progress bar.
    """
    store = text.stores.setdefault(name, {})
    assert isinstance(store, dict)
    new = list({key: i for i, key in enumerate(keys) if key not in store}.values())
    new.sort(key=lambda i: (lengths[i], i))
    fresh: dict[Hashable, Tensor] = {}
    for start in track(range(0, len(new), PART), what=what):
        rows = new[start : start + PART]
        fresh.update(zip((keys[i] for i in rows), compute(rows), strict=True))
    if fresh:
        size = sum(s.numel() * s.itemsize for s in (*store.values(), *fresh.values()))
        if size <= LIMIT_MIB * 2**20:
            store |= fresh
    return [fresh[key] if key in fresh else store[key] for key in keys]
