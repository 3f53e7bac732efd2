"""Argument checks: a bad value stops at once, with its key, its bounds and what came."""

from __future__ import annotations

from collections.abc import Mapping

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


def whole(key: str, value: int, low: int, high: int) -> None:
    """Refuse a number that is not whole, or outside `low` to `high`, bounds included.

    Raises:
        ConfigError: the value is outside, or no whole number.

    >>> whole("embed.dim", 2.5, 1, 4096)
    Traceback (most recent call last):
    ...
    lichen.base.errors.ConfigError: embed.dim must be a whole number from 1 to 4096; got 2.5.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigError(f"{key} must be a whole number from {low} to {high}; got {value!r}.")
    between(key, value, low, high)


def truth(key: str, value: bool) -> None:  # noqa: FBT001 - it is what is checked
    """Refuse what is neither True nor False.

    Raises:
        ConfigError: the value is something else, such as "no", which would count as true.

    >>> truth("embed.hide_known", "no")
    Traceback (most recent call last):
    ...
    lichen.base.errors.ConfigError: embed.hide_known must be true or false; got 'no'.
    """
    if not isinstance(value, bool):
        raise ConfigError(f"{key} must be true or false; got {value!r}.")


def kind(key: str, value: object, wanted: type, *, fix: str) -> None:
    """Refuse what is of another type.

    Args:
        key: what the message calls the value.
        value: what came.
        wanted: the type that it must be of.
        fix: what to do, a sentence.

    Raises:
        ConfigError: the value is of another type.

    >>> kind("objectives", ["mask"], Mapping, fix="Give such as {'mask': 1.0}.")
    Traceback (most recent call last):
    ...
    lichen.base.errors.ConfigError: objectives must be of type Mapping; got list. Give such as {'mask': 1.0}.
    """  # noqa: E501 - a message is one line
    if not isinstance(value, wanted):
        raise ConfigError(
            f"{key} must be of type {wanted.__name__}; got {type(value).__name__}. {fix}"
        )


def weights(key: str, given: Mapping[str, float], *, what: str) -> None:
    """Refuse weights that are not above 0.

    Args:
        key: what the message calls them.
        given: a weight by name.
        what: what a name stands for.

    Raises:
        ConfigError: they have no names, or one is 0 or below, infinite, or no number.

    >>> weights("objectives", {"mask": 0}, what="an objective")
    Traceback (most recent call last):
    ...
    lichen.base.errors.ConfigError: objectives['mask'] must be a weight above 0; got 0. Leave an objective out to do without it.
    """  # noqa: E501 - a message is one line
    kind(key, given, Mapping, fix="Give a weight by name, such as {'name': 1.0}.")
    for name, weight in given.items():
        if not (isinstance(weight, int | float) and 0 < weight < float("inf")):
            raise ConfigError(
                f"{key}[{name!r}] must be a weight above 0; got {weight!r}. Leave {what} out to do "
                "without it."
            )
