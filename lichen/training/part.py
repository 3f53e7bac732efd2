"""Which part of each step's batch one of several processes takes, and which items come when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Part:
    """One process of those that share a training.

    The batches of a turn, one a process, hold what the batch of a single process would.

    >>> part = Part(rank=1, processes=2)
    >>> part.turn(3), part.size(8)
    (7, 4)
    """

    rank: int = 0
    """Its number, from 0."""
    processes: int = 1
    """How many there are."""

    def turn(self, turn: int) -> int:
        """Return the number of this process's batch among those of all processes."""
        return turn * self.processes + self.rank

    def size(self, size: int) -> int:
        """Return how much of a batch of that size is this process's."""
        return size // self.processes


WHOLE = Part()
"""All of it: of the one process there is."""


class Order:
    """Items in passes, each pass in an order of its own.

    Args:
        num_items: how many there are.
        seed: of the orders.
    """

    def __init__(self, num_items: int, *, seed: int) -> None:
        self.num_items, self.seed = num_items, seed
        self._pass, self._order = -1, np.empty(0, np.int64)

    def batch(self, turn: int, *, size: int) -> list[int]:
        """Return the items of a turn, from 0: the same ones whenever asked.

        >>> order = Order(3, seed=0)
        >>> sorted(order.batch(0, size=3))
        [0, 1, 2]
        """
        return [self._item(place) for place in range(turn * size, (turn + 1) * size)]

    def _item(self, place: int) -> int:
        number, within = divmod(place, self.num_items)
        if number != self._pass:
            draw = np.random.default_rng([self.seed, number])
            self._pass, self._order = number, draw.permutation(self.num_items)
        return int(self._order[within])
