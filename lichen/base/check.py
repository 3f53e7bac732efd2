"""Argument checks: a bad value stops at once, with its key, its bounds and what came."""

from __future__ import annotations

from lichen.base.errors import ConfigError


def between(key: str, value: float, low: float, high: float) -> None:
    """Refuse a number outside `low` to `high`, bounds included.

    Raises:
        ConfigError: the value is outside, not a number, or NaN.

    >>> between("embed.dim", 0, 1, 4096)
    Traceback (most recent call last):
    ...
    lichen.base.errors.ConfigError: embed.dim must be between 1 and 4096; got 0.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        raise ConfigError(f"{key} must be between {low} and {high}; got {value!r}.")
