"""The batches of several tasks in one order: what is drawn, and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.utils.data import Sampler

from lichen.fusion.item import Item


class Passes(torch.utils.data.Dataset[tuple[int, list[Item]]]):
    """The batches of an epoch, each of one task, dealt anew every epoch.

    Where several processes share them, each batch is as many samples of this one: its parts.

    Args:
        bundles: of each task, samples made ready; what must share a batch is together.
        sizes: of each task, bundles a batch.
        seed: of the dealing.
        parts: how many processes share each batch.
    """

    def __init__(
        self,
        bundles: Sequence[list[list[Item]]],
        sizes: Sequence[int],
        *,
        seed: int,
        parts: int = 1,
    ) -> None:
        self.bundles, self.sizes, self.seed, self.parts = bundles, sizes, seed, parts
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Deal the samples of an epoch."""
        self.batches: list[tuple[int, list[list[Item]]]] = []
        for task, (bundles, size) in enumerate(zip(self.bundles, self.sizes, strict=True)):
            order = np.random.default_rng((self.seed, epoch, task)).permutation(len(bundles))
            for start in range(0, len(order), size):
                drawn = [bundles[i] for i in order[start : start + size]]
                self.batches.append((task, drawn))

    def __len__(self) -> int:
        """Count the parts of the batches of an epoch."""
        return len(self.batches) * self.parts

    def __getitem__(self, index: int) -> tuple[int, list[Item]]:
        """Return the task and the samples of a part; a batch of too few gives one twice."""
        number, part = divmod(index, self.parts)
        task, drawn = self.batches[number]
        mine = drawn[part :: self.parts] or drawn[:1]
        return task, [item for bundle in mine for item in bundle]


class InTurn(Sampler[int]):
    """Draw batches in an order that is new each epoch, the parts of each one after another.

    Args:
        passes: the batches; they are dealt anew with the order, since a sampler that several
            processes share is told of an epoch in the place of what it draws from.
    """

    def __init__(self, passes: Passes) -> None:
        self.passes = passes
        self.epoch = 0

    def __len__(self) -> int:
        """Return the number of parts."""
        return len(self.passes)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next."""
        self.epoch = epoch
        self.passes.set_epoch(epoch)

    def __iter__(self) -> Iterator[int]:
        """Yield each position once."""
        draw, parts = np.random.default_rng((self.passes.seed, self.epoch)), self.passes.parts
        for number in draw.permutation(len(self.passes.batches)).tolist():
            yield from range(number * parts, (number + 1) * parts)
