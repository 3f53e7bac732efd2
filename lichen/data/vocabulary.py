"""Labels to ids and back: an immutable, ordered set of strings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from lichen.base.errors import DataError

MOST_COMPARED = 5000
"""Labels compared to suggest one; more would make an error take seconds."""


class Vocabulary:
    """Number distinct labels from 0 in the order given.

    Args:
        labels: distinct strings.
        what: what one label names, for messages ("entity", "relation", "label").

    Raises:
        DataError: a label occurs twice.

    >>> words = Vocabulary(["Austria", "Vienna"], what="entity")
    >>> words.id("Vienna"), words[0], len(words), "Graz" in words
    (1, 'Austria', 2, False)
    """

    __slots__ = ("_ids", "labels", "what")

    labels: tuple[str, ...]
    what: str

    def __init__(self, labels: Iterable[str], *, what: str = "label") -> None:
        self.labels = tuple(labels)
        self.what = what
        self._ids = {label: i for i, label in enumerate(self.labels)}
        if len(self._ids) != len(self.labels):
            twice = next(x for i, x in enumerate(self.labels) if self._ids[x] != i)
            raise DataError(f"{what} labels must be distinct; {twice!r} occurs twice.")

    def __len__(self) -> int:
        """Return how many labels there are."""
        return len(self.labels)

    def __iter__(self) -> Iterator[str]:
        """Go through the labels in id order."""
        return iter(self.labels)

    def __contains__(self, label: object) -> bool:
        """Say whether the label is known."""
        return label in self._ids

    def __getitem__(self, id: int) -> str:  # noqa: A002 - `id` is this project's word for it
        """Return the label of an id; a negative id is an error, not a place from the end.

        Raises:
            IndexError: there is no such id.
        """
        if id < 0:
            raise IndexError(f"{self.what} ids must lie from 0 to {len(self) - 1}; got {id}.")
        return self.labels[id]

    def __eq__(self, other: object) -> bool:
        """Compare labels and their order."""
        return isinstance(other, Vocabulary) and self.labels == other.labels

    def __hash__(self) -> int:
        """Hash the labels."""
        return hash(self.labels)

    def __repr__(self) -> str:
        """Show the size, not the contents."""
        return f"Vocabulary({len(self)} {self.what} labels)"

    def id(self, label: str) -> int:
        """Return the id of a label.

        Raises:
            DataError: the label is unknown; the message suggests the nearest.
        """
        found = self._ids.get(label) if isinstance(label, str) else None
        if found is None:
            near = self._nearest(str(label))
            hint = f" Did you mean {near!r}?" if near else ""
            raise DataError(
                f"{self.what} must be one of the {len(self)} known; got {label!r}.{hint}"
            )
        return found

    def _nearest(self, label: str) -> str | None:
        """Return a label that may be meant: the same but for case, or alike from the start."""
        folded = label.casefold()
        alike = [x for x in self.labels if x[:1].casefold() == folded[:1]]
        same = next((x for x in alike if x.casefold() == folded), None)
        return same or next(iter(get_close_matches(label, alike[:MOST_COMPARED], n=1)), None)

    def get(self, label: str) -> int | None:
        """Return the id of a label, or None when it is unknown."""
        return self._ids.get(label)

    def ids(self, labels: Iterable[str]) -> NDArray[np.int64]:
        """Return the ids of many labels, shape `(labels,)`.

        Raises:
            DataError: one is unknown.
        """
        return np.fromiter((self.id(label) for label in labels), dtype=np.int64)
