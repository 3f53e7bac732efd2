"""Triple scoring: entities encoded from their descriptions must complete the graph's facts."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from lichen.data.graph import Graph, Ids
from lichen.embedding.scorer import START_SIZE, make_scorer
from lichen.lm.text_encoder import TextEncoder
from lichen.training.objectives.objective import Batch, Objective
from lichen.training.objectives.windows import Windows, description_ids, padded

SCORER = "complex"
START_SCALE = 20.0
"""What scores of unit vectors are multiplied by at the start; learned from there."""


class TripleScoring(Objective):
    """Complete facts with entity vectors that the language model makes of descriptions.

    The mean state of an entity's name and description, through one matrix, is its vector; each
    relation and its reverse has a learned vector. Head and relation must find the tail, tail and
    reverse relation the head, among the entities of the batch; other known answers stay out.

    Use to teach the model facts that text does not state, and to place entities by description.

    Cost: one pass over the distinct entities of a batch, at most two a fact.
    Relatives: `DescribedEncoder`, where the language model is frozen.
    """

    PAPER: ClassVar[str | None] = "Wang et al., 2021, arXiv:1911.06136"
    NEEDS: ClassVar[str] = "training fact"

    def __init__(self, text: TextEncoder, windows: Windows, graph: Graph) -> None:
        super().__init__(text, windows, graph)
        self.facts = graph.split("train")
        self.refuse_empty()
        self.known: dict[tuple[int, int], list[int]] = {}
        for h, r, t in self.facts.tolist():
            self.known.setdefault((h, r), []).append(t)
            self.known.setdefault((t, r + graph.num_relations), []).append(h)
        self.scorer = make_scorer(SCORER, text.dim)
        self.project = nn.Linear(text.dim, self.scorer.entity_width, bias=False)
        drawn = self.scorer.start_relations(
            2 * graph.num_relations, torch.Generator().manual_seed(0)
        )
        self.relations = nn.Parameter(drawn / START_SIZE)
        self.log_scale = nn.Parameter(torch.tensor(START_SCALE).log())
        self.told = description_ids(text, graph)

    @property
    def num_items(self) -> int:
        """Count the training facts."""
        return len(self.facts)

    def batch(self, items: Ids, rng: np.random.Generator) -> Batch:
        """Return the distinct entities of some facts, and both questions of each fact."""
        del rng
        h, r, t = self.facts[items].T
        entities, where = np.unique(np.concatenate([h, t]), return_inverse=True)
        asked = np.concatenate([r, r + self.graph.num_relations])
        hide = np.zeros((len(asked), len(entities)), dtype=np.bool_)
        place = {int(entity): i for i, entity in enumerate(entities)}
        sides = zip(np.concatenate([h, t]).tolist(), asked.tolist(), strict=True)
        for row, side in zip(hide, sides, strict=True):
            row[[place[x] for x in self.known[side] if x in place]] = True
        answers = np.roll(where, len(items))
        hide[np.arange(len(asked)), answers] = False
        told = [self.told[entity] for entity in entities]
        return {
            **padded(told, self.windows.pad),
            "given": torch.from_numpy(where),
            "relations": torch.from_numpy(asked),
            "hide": torch.from_numpy(hide),
            "targets": torch.from_numpy(answers),
        }

    def loss(self, batch: Batch) -> Tensor:
        """Return the cross-entropy of each answer among the entities of the batch."""
        vectors = self.vectors(batch)
        relations = self.relations[batch["relations"]]
        asked = self.scorer.tail_query(vectors[batch["given"]], relations)
        found = self.scorer.comparison.pairs(asked[:, None], self.scorer.as_tails(vectors)[None])
        logits = (found * self.log_scale.exp()).masked_fill(batch["hide"], float("-inf"))
        return nn.functional.cross_entropy(logits.float(), batch["targets"])

    def vectors(self, batch: Batch) -> Tensor:
        """Return the unit vectors of described entities, `(entities, width)`."""
        return nn.functional.normalize(self.project(self.means(batch)).float(), dim=-1)
