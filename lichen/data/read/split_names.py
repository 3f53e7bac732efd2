"""What files call their splits, and what Lichen calls them."""

from __future__ import annotations

SPLITS = {
    "facts": "facts",
    "train": "train",
    "valid": "valid",
    "validation": "valid",
    "val": "valid",
    "dev": "valid",
    "test": "test",
}
"""Name in a file, in any case, to split; "facts" is background that no split trains or tests."""


def split_name(said: str) -> str:
    """Return what Lichen calls a split; a name that it does not know stays as it is.

    >>> split_name("validation"), split_name("Test"), split_name("held out")
    ('valid', 'test', 'held out')
    """
    return SPLITS.get(said.strip().lower(), said)
