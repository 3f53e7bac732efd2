"""SimplE: head, relation and tail vectors to a score, each fact read forwards and backwards."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from lichen.embedding.compare import Dot
from lichen.embedding.scorer import Scorer


class SimplE(Scorer):
    """Score a fact by the mean of h_head * r * t_tail and t_head * r_back * h_tail, summed.

    An entity holds `dim` numbers as a head, then `dim` as a tail; a relation `dim` forwards,
    then `dim` backwards. Reading backwards lets the two vectors of an entity learn of each other,
    which `CP` lacks.

    Use like `ComplEx`, whose accuracy it shares at the same number of numbers.

    Shapes: h, r, t `(..., 2 * dim)` -> `(...)`.
    Cost: 4 * dim multiplications a fact; all tails take one
    `(batch, 2 * dim) @ (2 * dim, entities)` product.
    Relatives: equal halves give `DistMult`; r_back = 0 gives half of `CP`.

    Args:
        dim: numbers an entity has on each side.

    References:
        Kazemi and Poole, 2018, arXiv:1802.04868.
    """

    is_bilinear: ClassVar[bool] = True
    comparison = Dot()

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.entity_width = self.relation_width = 2 * dim

    def tail_query(self, h: Tensor, r: Tensor) -> Tensor:
        """Return what the tail's head half and its tail half are to meet."""
        (head, tail), (forwards, back) = h.chunk(2, dim=-1), r.chunk(2, dim=-1)
        return torch.cat([back * tail, forwards * head], dim=-1) / 2

    def head_query(self, r: Tensor, t: Tensor) -> Tensor:
        """Return what the head's head half and its tail half are to meet."""
        (forwards, back), (head, tail) = r.chunk(2, dim=-1), t.chunk(2, dim=-1)
        return torch.cat([forwards * tail, back * head], dim=-1) / 2

    def interaction(self, h: Tensor, t: Tensor) -> Tensor:
        """Return what the relation's two halves are to meet; the inner product is the score."""
        (h_head, h_tail), (t_head, t_tail) = h.chunk(2, dim=-1), t.chunk(2, dim=-1)
        return torch.cat([h_head * t_tail, t_head * h_tail], dim=-1) / 2
