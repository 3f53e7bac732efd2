"""Contrastive entities: a mention in its text must find the description of its entity."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from lichen.data.graph import Graph, Ids
from lichen.lm.text_encoder import TextEncoder
from lichen.training.objectives.mask import mask_token
from lichen.training.objectives.objective import Batch, Objective
from lichen.training.objectives.windows import (
    Windows,
    description_ids,
    padded,
    span_means,
    spans,
)

BLANK = 0.7
"""Share of the mentions that are hidden, so that more is compared than names."""
START_SCALE = 20.0
"""What cosines are multiplied by at the start; learned from there."""


class ContrastiveEntities(Objective):
    """Tell each mention's entity from the others of the batch by description, both ways.

    The mean state of a mention and that of its entity's name and description, each through a
    matrix, are compared by their cosine (InfoNCE). Most mentions are hidden, so that what is said
    around them must tell. Mentions of one entity are no rivals.

    Use to place texts and descriptions in one space, for linking and retrieval, and for entities
    that no text has named.

    Cost: one pass over the windows and one over the distinct entities of a batch.
    Relatives: `MaskedEntities`, which learns a vector an entity and reads no description;
    `ContrastiveAligner`, where both spaces stay as they are.
    """

    PAPER: ClassVar[str | None] = (
        "van den Oord et al., 2018, arXiv:1807.03748; Wu et al., 2020, arXiv:1911.03814; "
        "Baldini Soares et al., 2019, arXiv:1906.03158 (blanks)"
    )
    NEEDS: ClassVar[str] = "mention that is linked to the graph"

    def __init__(self, text: TextEncoder, windows: Windows, graph: Graph) -> None:
        super().__init__(text, windows, graph)
        self.places = windows.mentions()
        self.refuse_empty()
        self.mask_id = mask_token(text)
        self.mention = nn.Linear(text.dim, text.dim, bias=False)
        self.entity = nn.Linear(text.dim, text.dim, bias=False)
        for layer in (self.mention, self.entity):
            nn.init.eye_(layer.weight)
        self.log_scale = nn.Parameter(torch.tensor(START_SCALE).log())
        self.told = description_ids(text, graph)

    @property
    def num_items(self) -> int:
        """Count the linked mentions."""
        return len(self.places)

    def batch(self, items: Ids, rng: np.random.Generator) -> Batch:
        """Return windows with a mention each, most hidden, and the entities' descriptions."""
        shown, chosen = [], [self.places[int(item)] for item in items]
        for number, place in chosen:
            ids = self.windows[number].ids.copy()
            if rng.random() < BLANK:
                ids[place.start : place.end] = self.mask_id
            shown.append(ids)
        entities, where = np.unique([p.entity for _, p in chosen], return_inverse=True)
        told = padded([self.told[e] for e in entities], self.windows.pad)
        return {
            **padded(shown, self.windows.pad),
            "spans": spans(place for _, place in chosen),
            "told_ids": told["input_ids"],
            "told_mask": told["attention_mask"],
            "targets": torch.from_numpy(where),
        }

    def loss(self, batch: Batch) -> Tensor:
        """Return the cross-entropy of entities given mentions, and of mentions given entities."""
        rows = torch.arange(len(batch["spans"]), device=batch["spans"].device)
        seen = self.mention(span_means(self.states(batch), rows, batch["spans"]))
        told = {"input_ids": batch["told_ids"], "attention_mask": batch["told_mask"]}
        known = self.entity(self.means(told))
        cosines = normalize(seen.float(), dim=-1) @ normalize(known.float(), dim=-1).T
        logits, targets = cosines * self.log_scale.exp(), batch["targets"]
        is_own = targets[:, None] == targets
        back = logits[:, targets].T.masked_fill(
            is_own & ~torch.eye(len(targets), dtype=torch.bool, device=targets.device),
            float("-inf"),
        )
        return (cross_entropy(logits, targets) + cross_entropy(back, rows)) / 2
