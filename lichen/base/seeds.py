"""One seed for every source of randomness."""

from __future__ import annotations

import random
import sys

import numpy as np

from lichen.base import check


def require_seed(key: str, seed: int) -> None:
    """Refuse what no generator could be seeded with.

    Raises:
        ConfigError: it is no whole number from 0 up to below 2**32.

    >>> require_seed("seed", -1)
    Traceback (most recent call last):
    ...
    lichen.base.errors.ConfigError: seed must be between 0 and 4294967295; got -1.
    """
    check.whole(key, seed, 0, 2**32 - 1)


def set_seed(seed: int) -> np.random.Generator:
    """Seed Python, NumPy and, where it is loaded, torch.

    Args:
        seed: any non-negative integer below 2**32.

    Returns:
        A NumPy generator of its own, for code that draws numbers itself.

    Raises:
        ConfigError: the seed is another number, or none.

    >>> int(set_seed(3).integers(100))
    81
    """
    require_seed("seed", seed)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries below us still draw from the global state
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)
    return np.random.default_rng(seed)
