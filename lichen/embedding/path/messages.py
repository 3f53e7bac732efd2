"""Sums of products over the edges of a graph, without a message ever leaving the cache.

For each target, sum over its edges the source's state times the relation's vector. Both
gradients have the same form over the same edges in another order, so one kernel serves all
three: it gathers a few thousand edges at a time into memory that is already there, multiplies,
and sums runs of equal targets.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lichen.data.graph import Ids

CHUNK = 2048
"""Edges held at a time."""


class Runs(NamedTuple):
    """Edges in such an order that those of one group follow one another."""

    left: Tensor
    """`(edges,)` row of the first factor."""
    right: Tensor
    """`(edges,)` row of the second factor."""
    offsets: Ids
    """`(groups + 1,)` where each group starts."""

    def to(self, device: torch.device) -> Runs:
        """Return the same on another device."""
        return self._replace(left=self.left.to(device), right=self.right.to(device))

    def sums(self, first: Tensor, second: Tensor) -> Tensor:
        """Return, for each group, the sum of first[left] * second[right]: `(groups, dim)`."""
        dim = first.shape[1]
        found = first.new_zeros(len(self.offsets) - 1, dim)
        count = len(self.left)
        size = min(CHUNK, count)
        one, other = first.new_empty(size, dim), first.new_empty(size, dim)
        every = torch.arange(size, device=first.device)
        for a in range(0, count, CHUNK):
            b = min(a + CHUNK, count)
            here = one[: b - a]
            torch.index_select(first, 0, self.left[a:b], out=here)
            torch.index_select(second, 0, self.right[a:b], out=other[: b - a])
            here.mul_(other[: b - a])
            low = int(np.searchsorted(self.offsets, a, side="right")) - 1
            high = int(np.searchsorted(self.offsets, b, side="left"))
            offsets = torch.from_numpy(self.offsets[low : high + 1].clip(a, b) - a).to(every)
            summed = torch.embedding_bag(
                here, every[: b - a], offsets, mode=0, include_last_offset=True
            )[0]
            found[low:high] += summed
        return found


class Links(NamedTuple):
    """Messages from source rows to target rows."""

    by_target: Runs
    by_source: Runs | None
    by_relation: Runs | None

    @classmethod
    def of(
        cls,
        source: Ids,
        target: Ids,
        relation: Ids,
        *,
        num_sources: int,
        num_targets: int,
        num_relations: int,
    ) -> Links:
        """Sort the edges for all uses; `(edges,)` each, sources ascending.

        Outside autograd only the order by target is made.
        """

        def runs(key: Ids, count: int, left: Ids, right: Ids, *, is_sorted: bool = False) -> Runs:
            offsets = np.concatenate([[0], np.cumsum(np.bincount(key, minlength=count))])
            if not is_sorted:
                short = torch.from_numpy(key.astype(np.int16 if count < 2**15 else np.int32))
                order = torch.argsort(short, stable=True).numpy()
                left, right = left[order], right[order]
            return Runs(torch.from_numpy(left), torch.from_numpy(right), offsets)

        by_target = runs(target, num_targets, source, relation)
        if not torch.is_grad_enabled():
            return cls(by_target, None, None)
        return cls(
            by_target,
            runs(source, num_sources, target, relation, is_sorted=True),
            runs(relation, num_relations, source, target),
        )

    def to(self, device: torch.device) -> Links:
        """Return the same on another device."""
        by_target, *others = self
        return Links(by_target.to(device), *(x if x is None else x.to(device) for x in others))

    def sums(self, states: Tensor, relations: Tensor) -> Tensor:
        """Return what reaches each target: `(targets, dim)`; differentiable.

        Args:
            states: `(sources, dim)`
            relations: `(num_relations, dim)`
        """
        found: Tensor = _Sums.apply(self, states, relations)  # type: ignore[no-untyped-call]
        return found


class _Sums(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, links: Links, states: Tensor, relations: Tensor) -> Tensor:
        ctx.links = links
        ctx.save_for_backward(states, relations)
        return links.by_target.sums(states, relations)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[None, Tensor, Tensor]:
        states, relations = ctx.saved_tensors
        gradient = upstream[0].contiguous()
        return (
            None,
            ctx.links.by_source.sums(gradient, relations),
            ctx.links.by_relation.sums(states, gradient),
        )
