"""ConvE: head, relation and tail vectors to a score, by a convolution over head and relation."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from lichen.base import check
from lichen.base.errors import ConfigError
from lichen.embedding.compare import Dot
from lichen.embedding.scorer import Scorer

KERNEL = 3
"""Height and width of a filter, the paper's."""


class ConvE(Scorer):
    """Score a fact by the inner product of t and a convolution over h and r, plus t's bias.

    h and r are each folded to an image as square as `dim` allows and stacked; filters, a
    projection back to `dim` numbers and a last ReLU make the query:
    relu(flat(relu(filters * [h; r])) W) . t + bias of t, with batch normalisation after each
    step and dropout. The bias is the last number of an entity.

    Use when many facts share few entities and time allows; heads are asked for by reverse
    relations only. Prefer `ComplEx` otherwise: it is simpler, much faster and mostly as good.

    Shapes: h, t `(..., dim + 1)`, r `(..., dim)` -> `(...)`.
    Cost: 9 * filters * 2 * dim multiplications a query for the filters and about
    filters * 2 * dim * dim for the projection; all tails take one
    `(batch, dim + 1) @ (dim + 1, entities)` product more.

    Args:
        dim: numbers an entity without its bias; a product of two numbers, the greater at least
            3, the other at least 2, such as 200 = 10 * 20.
        filters: images that the convolution makes.
        input_dropout: share of the stacked image that is dropped in training.
        feature_dropout: share of the filters' images that is dropped in training.
        hidden_dropout: share of the projection that is dropped in training.

    Raises:
        ConfigError: `dim` does not fold, or a setting is out of bounds.

    References:
        Dettmers et al., 2018, arXiv:1707.01476.
    """

    asks_heads: ClassVar[bool] = False
    comparison = Dot()

    def __init__(
        self,
        dim: int,
        *,
        filters: int = 32,
        input_dropout: float = 0.2,
        feature_dropout: float = 0.2,
        hidden_dropout: float = 0.3,
    ) -> None:
        super().__init__(dim)
        check.whole("filters", filters, 1, 10_000)
        shares = {"input": input_dropout, "feature": feature_dropout, "hidden": hidden_dropout}
        for name, share in shares.items():
            check.between(f"{name}_dropout", share, 0.0, 0.99)
        self.entity_width = dim + 1
        self.height = _height(dim)
        self.filters = filters
        width = dim // self.height
        self.made = made = filters * (2 * self.height - KERNEL + 1) * (width - KERNEL + 1)
        self.image = nn.Sequential(
            nn.BatchNorm2d(1),
            nn.Dropout(input_dropout),
            nn.Conv2d(1, filters, KERNEL),
            nn.BatchNorm2d(filters),
            nn.ReLU(),
            nn.Dropout2d(feature_dropout),
        )
        self.projection = nn.Sequential(
            nn.Linear(made, dim), nn.Dropout(hidden_dropout), _Norm1d(dim), nn.ReLU()
        )

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"dim={self.dim}, filters={self.filters}"

    @property
    def numbers_held(self) -> int:
        """Return the numbers of the image and of what the filters make of it, step by step."""
        return 2 * self.dim + 4 * self.made

    def tail_query(self, h: Tensor, r: Tensor) -> Tensor:
        """Return the projection, and a 1 that meets the bias."""
        asked = self._project(h, r)
        return torch.cat([asked, torch.ones_like(asked[..., :1])], dim=-1)

    def implied_tail(self, h: Tensor, r: Tensor) -> Tensor:
        """Return the projection, and a bias of 0: a fact says nothing about it."""
        asked = self._project(h, r)
        return torch.cat([asked, torch.zeros_like(asked[..., :1])], dim=-1)

    def start_entities(self, count: int, draw: torch.Generator) -> Tensor:
        """Return new vectors with a bias of 0: `(count, dim + 1)`."""
        vectors = super().start_entities(count, draw)
        vectors[:, -1] = 0.0
        return vectors

    def _project(self, h: Tensor, r: Tensor) -> Tensor:
        shape = (*np.broadcast_shapes(h.shape[:-1], r.shape[:-1]), self.dim)
        stacked = torch.cat([h[..., : self.dim].expand(shape), r.expand(shape)], dim=-1)
        image = stacked.view(-1, 1, 2 * self.height, self.dim // self.height)
        asked: Tensor = self.projection(self.image(image).flatten(1))
        return asked.view(shape)


class _Norm1d(nn.BatchNorm1d):
    """Batch normalisation that takes a batch of one by the statistics seen so far."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's name)
        if self.training and len(input) < 2:
            return nn.functional.batch_norm(
                input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(input)


def _height(dim: int) -> int:
    """Return the greatest height of an image that is no higher than wide."""
    fitting = [x for x in range(2, math.isqrt(dim) + 1) if dim % x == 0 and dim // x >= KERNEL]
    if not fitting:
        raise ConfigError(
            "dim must be a product of two numbers for conve, one at least 2 and the other at "
            f"least 3; got {dim}. Use {6 if dim < 6 else dim + 1}."
        )
    return max(fitting)
