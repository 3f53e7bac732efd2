"""Counts of mentions to a line that says how many of them a model does not look at, and why."""

from __future__ import annotations

from typing import NamedTuple


class Lost(NamedTuple):
    """How many mentions of some texts are not looked at; as a string one line.

    >>> print(Lost(mentions=2040, cut=17, beyond=3, max_tokens=64, most=4))
    17 of 2,040 mentions have no token among the 64 read; 3 come after the first 4 of their text
    """

    mentions: int
    """All there are."""
    cut: int
    """They have no token of their own: their text is longer than the model reads."""
    beyond: int
    """They come after the last that is looked at."""
    max_tokens: int
    """Tokens of a text that are read."""
    most: int
    """Mentions of a text that are looked at."""

    def __bool__(self) -> bool:
        """Say whether some mention is not looked at."""
        return self.cut + self.beyond > 0

    def __str__(self) -> str:
        """Return the counts that are not zero, with the limits that they come from."""
        of = f" of {self.mentions:,} mentions"
        cut = f"{self.cut:,}{of} have no token among the {self.max_tokens:,} read"
        beyond = f"{self.beyond:,}{'' if self.cut else of} come after the first {self.most}"
        parts = ((cut, self.cut), (f"{beyond} of their text", self.beyond))
        return "; ".join(part for part, count in parts if count)
