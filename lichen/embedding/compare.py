"""Queries and candidates to scores, and the gradients of those scores without an autograd graph.

A scorer turns (h, r) into a query; how the query meets a candidate vector is one of these. All
rankings and all training losses run through them, so each is a matrix product or runs in blocks
that stay in cache, and all can write to memory that is already there: fresh memory for a large
score matrix costs more than the arithmetic on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

_TINY = 1e-12  # keeps the gradient of a square root finite at 0
BLOCK = 131_072
"""Differences held at a time by comparisons that no matrix product shortens: 512 KB."""
BLOCK_WIDTH = 1024
"""Candidates that a block of differences holds at least, where there are as many."""
EDGE = 64
"""What the sides of bfloat16 products are multiples of: each new size stays in memory as code."""
COLUMNS = 1024
"""Candidates that a product takes at a time on a processor, where its scores stay in cache."""


class Comparison(Protocol):
    """How a query meets a candidate; higher = more plausible."""

    is_dot: ClassVar[bool]
    """Whether it is the inner product."""

    def pairs(self, queries: Tensor, candidates: Tensor) -> Tensor:
        """Compare one by one: `(..., width)` each, broadcast -> `(...)`; differentiable."""
        ...

    def scores(self, queries: Tensor, candidates: Tensor, *, out: Tensor | None = None) -> Tensor:
        """Compare all with all, outside autograd.

        Args:
            queries: `(b, width)`
            candidates: `(n, width)`
            out: `(b, n)` contiguous, where to write; None takes fresh memory.

        Returns:
            `(b, n)`
        """
        ...

    def pull(
        self, queries: Tensor, candidates: Tensor, scores: Tensor, upstream: Tensor, into: Tensor
    ) -> Tensor:
        """Return the gradient of `(scores * upstream).sum()` by the queries.

        Args:
            queries: `(b, width)`
            candidates: `(n, width)`
            scores: `(b, n)`, what `scores` returned; only distances read it.
            upstream: `(b, n)`; may be changed.
            into: `(n, width)`; the gradient by the candidates is added to it.

        Returns:
            `(b, width)`
        """
        ...


@dataclass(frozen=True)
class Dot:
    """The inner product: one matrix product forward, two back."""

    is_dot: ClassVar[bool] = True

    def pairs(self, queries: Tensor, candidates: Tensor) -> Tensor:
        """Compare one by one."""
        return (queries * candidates).sum(-1)

    def scores(self, queries: Tensor, candidates: Tensor, *, out: Tensor | None = None) -> Tensor:
        """Compare all with all."""
        found = queries.new_empty(len(queries), len(candidates)) if out is None else out
        for columns in _columns(candidates):
            torch.mm(queries, candidates[columns].T, out=found[:, columns])
        return found

    def pull(
        self, queries: Tensor, candidates: Tensor, scores: Tensor, upstream: Tensor, into: Tensor
    ) -> Tensor:
        """Return the gradient by the queries; `scores` is not read."""
        del scores
        into.addmm_(upstream.T, queries)
        return upstream @ candidates


@dataclass(frozen=True)
class HalfDot:
    """The inner product of vectors rounded to bfloat16, for processors and GPUs that have it.

    A product sums in float32 and is rounded to bfloat16 once, at its end; what is added to and
    what is returned keep their own precision. Torch has products of bfloat16 that end in float32
    on GPUs alone.
    """

    is_dot: ClassVar[bool] = True

    def pairs(self, queries: Tensor, candidates: Tensor) -> Tensor:
        """Compare one by one, in full precision."""
        return (queries * candidates).sum(-1)

    def scores(self, queries: Tensor, candidates: Tensor, *, out: Tensor | None = None) -> Tensor:
        """Compare all with all."""
        found = queries.new_empty(len(queries), len(candidates)) if out is None else out
        asked = _half(queries)
        for columns in _columns(candidates):
            met = candidates[columns]
            product = asked @ _half(met).T
            found[:, columns].copy_(product[: len(queries), : len(met)])
        return found

    def pull(
        self, queries: Tensor, candidates: Tensor, scores: Tensor, upstream: Tensor, into: Tensor
    ) -> Tensor:
        """Return the gradient by the queries; `scores` is not read."""
        del scores
        asked, toward = _half(queries), torch.zeros_like(queries)
        for columns in _columns(candidates):
            met = candidates[columns]
            pulled = _half(upstream[:, columns], columns=True)
            into[columns].add_((pulled.T @ asked)[: len(met)])
            toward.add_((pulled @ _half(met))[: len(queries)])
        return toward


@dataclass(frozen=True)
class Euclidean:
    """Minus the Euclidean distance: the same three matrix products."""

    is_dot: ClassVar[bool] = False

    def pairs(self, queries: Tensor, candidates: Tensor) -> Tensor:
        """Compare one by one."""
        return -((candidates - queries).square().sum(-1) + _TINY).sqrt()

    def scores(self, queries: Tensor, candidates: Tensor, *, out: Tensor | None = None) -> Tensor:
        """Compare all with all."""
        found = queries.new_empty(len(queries), len(candidates)) if out is None else out
        for block in _negative_squares(queries, candidates, found):
            block.clamp_max_(-_TINY).neg_().sqrt_().neg_()
        return found

    def pull(
        self, queries: Tensor, candidates: Tensor, scores: Tensor, upstream: Tensor, into: Tensor
    ) -> Tensor:
        """Return the gradient by the queries: each difference weighs upstream / distance."""
        weight = upstream.div_(scores)
        into.addcmul_(weight.sum(0)[:, None], candidates).addmm_(weight.T, queries, alpha=-1)
        return weight.sum(1, keepdim=True) * queries - weight @ candidates


@dataclass(frozen=True)
class SquaredEuclidean:
    """Minus the squared Euclidean distance: the inner product, and two lengths.

    It ranks as the distance does. In training what is far off pulls harder, and under a longest
    vector (`EmbeddingConfig.max_norm`) scores stay within bounds.
    """

    is_dot: ClassVar[bool] = False

    def pairs(self, queries: Tensor, candidates: Tensor) -> Tensor:
        """Compare one by one."""
        return -(candidates - queries).square().sum(-1)

    def scores(self, queries: Tensor, candidates: Tensor, *, out: Tensor | None = None) -> Tensor:
        """Compare all with all."""
        found = queries.new_empty(len(queries), len(candidates)) if out is None else out
        for block in _negative_squares(queries, candidates, found):
            block.clamp_max_(0.0)
        return found

    def pull(
        self, queries: Tensor, candidates: Tensor, scores: Tensor, upstream: Tensor, into: Tensor
    ) -> Tensor:
        """Return the gradient by the queries; `scores` is not read."""
        del scores
        weight = upstream.mul_(2)
        into.addcmul_(weight.sum(0)[:, None], candidates, value=-1).addmm_(weight.T, queries)
        return weight @ candidates - weight.sum(1, keepdim=True) * queries


@dataclass(frozen=True)
class Manhattan:
    """Minus the sum of absolute differences."""

    is_dot: ClassVar[bool] = False

    def pairs(self, queries: Tensor, candidates: Tensor) -> Tensor:
        """Compare one by one."""
        return -(candidates - queries).abs().sum(-1)

    def scores(self, queries: Tensor, candidates: Tensor, *, out: Tensor | None = None) -> Tensor:
        """Compare all with all."""
        found = queries.new_empty(len(queries), len(candidates)) if out is None else out
        asked, met = queries.T.contiguous(), candidates.T.contiguous()
        for rows, columns, total, larger, _ in _blocks(found.zero_()):
            for c, q in zip(met[:, columns], asked[:, rows, None], strict=True):
                total.sub_(torch.maximum(c, q, out=larger))  # |c - q| = 2 max(c, q) - c - q
        found.mul_(2).add_(candidates.sum(1)).add_(queries.sum(1, keepdim=True))
        return found.clamp_max_(0.0)

    def pull(
        self, queries: Tensor, candidates: Tensor, scores: Tensor, upstream: Tensor, into: Tensor
    ) -> Tensor:
        """Return the gradient by the queries: signs of the differences, weighed by upstream."""
        del scores
        asked, met = queries.T.contiguous(), candidates.T.contiguous()
        toward, gathered = torch.zeros_like(asked), torch.zeros_like(met)
        ones = queries.new_ones(len(queries))
        for rows, columns, weight, sign, _ in _blocks(upstream):
            for k in range(len(asked)):
                torch.sub(met[k, columns], asked[k, rows, None], out=sign).sign_().mul_(weight)
                toward[k, rows].add_(sign.sum(1))
                gathered[k, columns].sub_(ones[rows] @ sign)
        into.add_(gathered.T)
        return toward.T


@dataclass(frozen=True)
class Moduli:
    """Minus the sum of the lengths of complex differences; the imaginary parts come last."""

    is_dot: ClassVar[bool] = False

    def pairs(self, queries: Tensor, candidates: Tensor) -> Tensor:
        """Compare one by one."""
        re, im = (candidates - queries).chunk(2, dim=-1)
        return -(re.square() + im.square() + _TINY).sqrt().sum(-1)

    def scores(self, queries: Tensor, candidates: Tensor, *, out: Tensor | None = None) -> Tensor:
        """Compare all with all."""
        found = queries.new_empty(len(queries), len(candidates)) if out is None else out
        asked, met = _parts_and_one(queries), _parts_and_one(candidates)
        tiny = queries.new_tensor(_TINY)
        for rows, columns, total, re, im in _blocks(found.zero_()):
            for c, q in zip(met[..., columns], asked[..., rows], strict=True):
                total.sub_(_lengths(c, q, tiny, re, im))
        return found

    def pull(
        self, queries: Tensor, candidates: Tensor, scores: Tensor, upstream: Tensor, into: Tensor
    ) -> Tensor:
        """Return the gradient by the queries: each difference weighs upstream / its length.

        Weighed differences are summed as weighed ends, by two thin matrix products.
        """
        del scores
        asked, met = _parts_and_one(queries), _parts_and_one(candidates)
        toward, gathered = torch.zeros_like(asked), torch.zeros_like(met)
        tiny = queries.new_tensor(_TINY)
        for rows, columns, weight, re, im in _blocks(upstream):
            for k in range(len(asked)):
                c, q = met[k, :, columns], asked[k, :, rows]
                torch.div(weight, _lengths(c, q, tiny, re, im), out=re)
                toward[k, :, rows].addmm_(c, re.T)
                gathered[k, :, columns].addmm_(q, re)
        into.add_(_differences(gathered, met))
        return _differences(toward, asked)


def all_with_all(comparison: Comparison, queries: Tensor, candidates: Tensor) -> Tensor:
    """Compare all with all, differentiably: `(b, width)`, `(n, width)` -> `(b, n)`."""
    if isinstance(comparison, Dot):
        return queries @ candidates.T
    found: Tensor = _AllWithAll.apply(comparison, queries, candidates)  # type: ignore[no-untyped-call]
    return found


class _AllWithAll(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, comparison: Comparison, queries: Tensor, candidates: Tensor) -> Tensor:
        scores = comparison.scores(queries, candidates)
        ctx.comparison = comparison
        ctx.save_for_backward(queries, candidates, scores)
        return scores

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[None, Tensor, Tensor]:
        queries, candidates, scores = ctx.saved_tensors
        into = torch.zeros_like(candidates)
        toward = ctx.comparison.pull(queries, candidates, scores, upstream[0].clone(), into)
        return None, toward, into


def _columns(candidates: Tensor) -> Iterator[slice]:
    """Yield the candidates that a product takes at a time: all of them on an accelerator."""
    size = COLUMNS if candidates.device.type == "cpu" else max(1, len(candidates))
    for start in range(0, len(candidates), size):
        yield slice(start, start + size)


def _half(matrix: Tensor, *, columns: bool = False) -> Tensor:
    """Round to bfloat16, with rows of 0, and where asked columns, up to the next edge."""
    rows, width = matrix.shape
    size = -(-rows // EDGE) * EDGE, -(-width // EDGE) * EDGE if columns else width
    if size == (rows, width):
        return matrix.bfloat16()
    whole = matrix.new_zeros(size, dtype=torch.bfloat16)
    whole[:rows, :width].copy_(matrix)
    return whole


def _negative_squares(queries: Tensor, candidates: Tensor, into: Tensor) -> Iterator[Tensor]:
    """Write minus the squared distances to `into`, and yield each part as it is written."""
    lengths = queries.square().sum(-1, keepdim=True)
    for columns in _columns(candidates):
        met = candidates[columns]
        block = torch.mm(queries, met.T, out=into[:, columns]).mul_(2)
        yield block.sub_(met.square().sum(-1)).sub_(lengths)


def _blocks(matrix: Tensor) -> Iterator[tuple[slice, slice, Tensor, Tensor, Tensor]]:
    """Yield some rows and columns, the matrix there, and two matrices of that shape to write to."""
    num_rows, num_columns = matrix.shape
    width = max(1, min(num_columns, max(BLOCK_WIDTH, BLOCK // max(1, num_rows))))
    height = max(1, min(num_rows, BLOCK // width))
    memory = matrix.new_empty(2, height * width)
    for top in range(0, num_rows, height):
        for left in range(0, num_columns, width):
            rows, columns = slice(top, top + height), slice(left, left + width)
            block = matrix[rows, columns]
            one, two = memory[:, : block.numel()].view(2, *block.shape)
            yield rows, columns, block, one, two


def _parts_and_one(vectors: Tensor) -> Tensor:
    """Return real part, imaginary part and 1: `(n, width)` -> `(width / 2, 3, n)`."""
    half = vectors.shape[1] // 2
    parts = vectors.new_ones(half, 3, len(vectors))
    parts[:, :2] = vectors.T.view(2, half, len(vectors)).transpose(0, 1)
    return parts


def _lengths(c: Tensor, q: Tensor, tiny: Tensor, re: Tensor, im: Tensor) -> Tensor:
    """Write the lengths of c - q to `re` and return it: `(3, n)`, `(3, b)` -> `(b, n)`."""
    torch.sub(c[0], q[0, :, None], out=re)
    torch.sub(c[1], q[1, :, None], out=im)
    torch.addcmul(tiny, re, re, out=re)
    return re.addcmul_(im, im).sqrt_()


def _differences(weighed: Tensor, own: Tensor) -> Tensor:
    """Return summed differences from one's own parts: `(width / 2, 3, n)` each -> `(n, width)`."""
    return (weighed[:, :2] - weighed[:, 2:] * own[:, :2]).permute(2, 1, 0).flatten(1)
