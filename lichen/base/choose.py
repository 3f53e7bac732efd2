"""Choose by name: a plain dictionary, and an error that names the nearest choice."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from lichen.base.errors import ChoiceError

T = TypeVar("T")


def choose(key: str, name: str, choices: Mapping[str, T]) -> T:
    """Return the entry of `choices` that `name` stands for.

    Args:
        key: the setting being chosen, for the message.
        name: the choice asked for.
        choices: what can be chosen.

    Returns:
        The chosen entry.

    Raises:
        ChoiceError: no such name; the message lists all and suggests the nearest.

    >>> choose("embedding", "rotat", {"rotate": 1, "transe": 2})
    Traceback (most recent call last):
    ...
    lichen.base.errors.ChoiceError: embedding must be one of rotate, transe; got 'rotat'. Did you mean 'rotate'?
    """  # noqa: E501
    if isinstance(name, str) and name in choices:
        return choices[name]
    near = get_close_matches(str(name), choices, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ChoiceError(f"{key} must be one of {', '.join(sorted(choices))}; got {name!r}.{hint}")
