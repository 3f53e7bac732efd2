"""Degrees to samples of entities that a batch of facts is compared with."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from lichen.data.graph import Ids


class Negatives:
    """Draws samples that a whole batch shares, so that comparing is one matrix product.

    Args:
        facts: `(facts, 3)` training facts, for the degrees.
        num_entities: how many there are to draw from.
        number: draws a sample, with replacement.
        degree_power: an entity is drawn in proportion to (its facts + 1) to this power.
    """

    def __init__(self, facts: Ids, num_entities: int, *, number: int, degree_power: float) -> None:
        degree = np.bincount(facts[:, [0, 2]].ravel(), minlength=num_entities)
        weight = (degree + 1.0) ** degree_power
        chance = weight / weight.sum()
        self.number = number
        self.num_entities = num_entities
        self._cumulated = torch.from_numpy(np.cumsum(chance))
        log_missed = number * np.log1p(-np.minimum(chance, 1 - 1e-9))
        self.log_missed = torch.from_numpy(log_missed.astype(np.float32))
        """`(entities,)` logarithm of the chance not to be in a sample."""
        drawn_once = -np.expm1(log_missed)
        self.log_weight = torch.from_numpy(-np.log(drawn_once).astype(np.float32))
        """`(entities,)` minus the logarithm of the chance to be in a sample; added to the scores
        of a sample, it lets their sum stand for the sum over all entities."""

    def draw(self, stream: torch.Generator) -> Tensor:
        """Return the distinct entities of one sample, ascending."""
        uniform = torch.rand(self.number, generator=stream, dtype=torch.float64)
        drawn = torch.searchsorted(self._cumulated, uniform).clamp_(max=self.num_entities - 1)
        distinct: Tensor = torch.unique(drawn)
        return distinct
