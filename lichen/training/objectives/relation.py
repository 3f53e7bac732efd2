"""Relation classification: two mentions that the graph links, and how it links them."""

from __future__ import annotations

from collections import defaultdict
from itertools import permutations
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from lichen.data.graph import Graph, Ids
from lichen.lm.text_encoder import TextEncoder
from lichen.training.objectives.objective import Batch, Objective, soft_targets
from lichen.training.objectives.windows import Place, Windows, padded, span_means, spans


class RelationClassification(Objective):
    """Tell from the states of two mentions the relation that the graph has between them.

    Where the graph has several, they share the target.

    Use when text is linked and sentences state facts of the graph (distant supervision).

    Cost: one pass over the windows that hold a linked pair.
    """

    PAPER: ClassVar[str | None] = "Baldini Soares et al., 2019, arXiv:1906.03158"
    NEEDS: ClassVar[str] = "window with two mentions that a training fact links"

    def __init__(self, text: TextEncoder, windows: Windows, graph: Graph) -> None:
        super().__init__(text, windows, graph)
        self.pairs = linked_pairs(windows, graph)
        self.refuse_empty()
        self.classify = nn.Linear(2 * text.dim, graph.num_relations)

    @property
    def num_items(self) -> int:
        """Count the pairs of mentions that a fact links."""
        return len(self.pairs)

    def batch(self, items: Ids, rng: np.random.Generator) -> Batch:
        """Return windows with a pair of mentions each, and the relations between them."""
        del rng
        chosen = [self.pairs[int(item)] for item in items]
        return {
            **padded([self.windows[number].ids for number, *_ in chosen], self.windows.pad),
            "heads": spans(h for _, h, _, _ in chosen),
            "tails": spans(t for _, _, t, _ in chosen),
            "targets": soft_targets([found for *_, found in chosen], self.graph.num_relations),
        }

    def loss(self, batch: Batch) -> Tensor:
        """Return the cross-entropy of the relations."""
        states = self.states(batch)
        rows = torch.arange(len(states), device=states.device)
        ends = [span_means(states, rows, batch[end]) for end in ("heads", "tails")]
        logits = self.classify(torch.cat(ends, dim=-1))
        return nn.functional.cross_entropy(logits.float(), batch["targets"])


def linked_pairs(windows: Windows, graph: Graph) -> list[tuple[int, Place, Place, tuple[int, ...]]]:
    """Return (window, head mention, tail mention, relation ids) wherever a training fact fits."""
    relations: dict[tuple[int, int], list[int]] = defaultdict(list)
    for h, r, t in graph.split("train").tolist():
        relations[h, t].append(r)
    return [
        (number, h, t, tuple(relations[h.entity, t.entity]))
        for number, window in enumerate(windows.items)
        for h, t in permutations(window.places, 2)
        if (h.entity, t.entity) in relations
    ]
