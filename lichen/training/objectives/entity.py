"""Masked entities: a mention is hidden, and the state there must pick its entity."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from lichen.data.graph import Graph, Ids
from lichen.lm.text_encoder import TextEncoder
from lichen.training.objectives.mask import mask_token
from lichen.training.objectives.objective import Batch, Objective
from lichen.training.objectives.windows import Windows, padded, span_means, spans

SAMPLED = 256
"""Entities drawn for a batch, beside those that it holds."""


class MaskedEntities(Objective):
    """Hide a linked mention and pick its entity among those of the batch and a sample.

    Every entity has a learned vector; the state of the hidden mention, after a dense layer, must
    have the largest product with that of its entity.

    Use when text is linked and entities are mentioned often; `TripleScoring` when facts are many
    and text is not linked.

    Cost: one pass over the windows; a vector an entity.
    Relatives: LUKE, which decodes over all entities; ERNIE, whose vectors are fixed.
    """

    PAPER: ClassVar[str | None] = "Yamada et al., 2020, arXiv:2010.01057"
    NEEDS: ClassVar[str] = "mention that is linked to the graph"

    def __init__(self, text: TextEncoder, windows: Windows, graph: Graph) -> None:
        super().__init__(text, windows, graph)
        self.places = windows.mentions()
        self.refuse_empty()
        self.mask_id = mask_token(text)
        self.dense = nn.Linear(text.dim, text.dim)
        self.norm = nn.LayerNorm(text.dim)
        self.vectors = nn.Embedding(graph.num_entities, text.dim)
        nn.init.normal_(self.vectors.weight, std=0.02)

    @property
    def num_items(self) -> int:
        """Count the linked mentions."""
        return len(self.places)

    def batch(self, items: Ids, rng: np.random.Generator) -> Batch:
        """Return windows with one mention hidden each, and the entities to pick from."""
        shown, entities, places = [], [], []
        for item in items:
            number, place = self.places[int(item)]
            ids = self.windows[number].ids.copy()
            ids[place.start : place.end] = self.mask_id
            shown.append(ids)
            places.append(place)
            entities.append(place.entity)
        drawn = rng.integers(self.graph.num_entities, size=SAMPLED)
        candidates, where = np.unique(np.concatenate([entities, drawn]), return_inverse=True)
        return {
            **padded(shown, self.windows.pad),
            "spans": spans(places),
            "candidates": torch.from_numpy(candidates),
            "targets": torch.from_numpy(where[: len(entities)]),
        }

    def loss(self, batch: Batch) -> Tensor:
        """Return the cross-entropy of each mention's entity among the candidates."""
        rows = torch.arange(len(batch["spans"]), device=batch["spans"].device)
        seen = span_means(self.states(batch), rows, batch["spans"])
        asked = self.norm(nn.functional.gelu(self.dense(seen)))
        logits = asked @ self.vectors(batch["candidates"]).T
        return nn.functional.cross_entropy(logits.float(), batch["targets"])
