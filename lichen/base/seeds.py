"""One seed for every source of randomness."""

from __future__ import annotations

import random
import sys

import numpy as np


def set_seed(seed: int) -> np.random.Generator:
    """Seed Python, NumPy and, where it is loaded, torch.

    Args:
        seed: any non-negative integer below 2**32.

    Returns:
        A NumPy generator of its own, for code that draws numbers itself.

    >>> int(set_seed(3).integers(100))
    81
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries below us still draw from the global state
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)
    return np.random.default_rng(seed)
