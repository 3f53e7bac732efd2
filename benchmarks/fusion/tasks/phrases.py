"""Names found in Chinese text, which has no spaces: at each place the longest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class Phrases:
    """Every name of a dictionary at once.

    Args:
        entities: name to entity id.
    """

    def __init__(self, entities: Mapping[str, int]) -> None:
        self.entities = entities
        self._lengths: dict[str, list[int]] = {}
        for name in entities:
            self._lengths.setdefault(name[:2], []).append(len(name))
        for start, lengths in self._lengths.items():
            self._lengths[start] = sorted(set(lengths), reverse=True)

    def find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Yield start, end and entity of the names in a text, in order, not overlapping."""
        at = 0
        while at < len(text) - 1:
            step = 1
            for length in self._lengths.get(text[at : at + 2], ()):
                entity = self.entities.get(text[at : at + length])
                if entity is not None and at + length <= len(text):
                    yield at, at + length, entity
                    step = length
                    break
            at += step
