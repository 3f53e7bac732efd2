"""Entity typing: the state of a mention must tell the types of its entity."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from lichen.data.graph import Graph, Ids
from lichen.data.vocabulary import Vocabulary
from lichen.lm.text_encoder import TextEncoder
from lichen.training.objectives.objective import Batch, Objective
from lichen.training.objectives.windows import Windows, padded, span_means, spans


class EntityTyping(Objective):
    """Tell from the state of a mention the types that the graph gives its entity.

    Each type is a yes or no of its own.

    Use when the graph types its entities and text is linked.

    Cost: one pass over the windows.
    """

    PAPER: ClassVar[str | None] = "Choi et al., 2018, arXiv:1807.04905"
    NEEDS: ClassVar[str] = "mention of an entity that has a type"

    def __init__(self, text: TextEncoder, windows: Windows, graph: Graph) -> None:
        super().__init__(text, windows, graph)
        self.types = Vocabulary(sorted({t for of in graph.types.values() for t in of}), what="type")
        self.places = [(i, p) for i, p in windows.mentions() if graph.types_of(p.entity)]
        self.refuse_empty()
        self.classify = nn.Linear(text.dim, len(self.types))

    @property
    def num_items(self) -> int:
        """Count the mentions of typed entities."""
        return len(self.places)

    def batch(self, items: Ids, rng: np.random.Generator) -> Batch:
        """Return windows with a mention each, and its entity's types."""
        del rng
        chosen = [self.places[int(item)] for item in items]
        targets = torch.zeros(len(chosen), len(self.types))
        for row, (_, place) in zip(targets, chosen, strict=True):
            row[self.types.ids(self.graph.types_of(place.entity))] = 1.0
        return {
            **padded([self.windows[number].ids for number, _ in chosen], self.windows.pad),
            "spans": spans(place for _, place in chosen),
            "targets": targets,
        }

    def loss(self, batch: Batch) -> Tensor:
        """Return the binary cross-entropy, summed over the types."""
        rows = torch.arange(len(batch["spans"]), device=batch["spans"].device)
        logits = self.classify(span_means(self.states(batch), rows, batch["spans"])).float()
        each = nn.functional.binary_cross_entropy_with_logits(
            logits, batch["targets"], reduction="none"
        )
        return each.sum(1).mean()
