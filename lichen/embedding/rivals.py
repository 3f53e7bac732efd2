"""Queries and a sample to which of the sample answers which query, so that it does not compete."""

from __future__ import annotations

import torch
from torch import Tensor

from lichen.embedding.queries import Queries


class KnownRivals:
    """Finds the known answers in a sample, at a cost that no query's number of answers rules.

    Answers of a query are looked up in the sample where they are few, the sample in them where
    they are many.

    Args:
        queries: with all their answers.
        num_entities: how many there are.
        many: answers above which the sample is looked up.
    """

    def __init__(self, queries: Queries, num_entities: int, *, many: int) -> None:
        self.queries, self.num_entities = queries, num_entities
        self.has_many = queries.starts.diff() > many
        hubs = self.has_many.nonzero()[:, 0]
        rows, answers, _ = queries.answers_of(hubs)
        self._keys = (hubs[rows] * num_entities + answers).sort().values

    def __call__(self, queries: Tensor, sample: Tensor) -> Tensor:
        """Tell which of a sample answer which query.

        Args:
            queries: `(b,)` numbers; repeated ones are looked up once.
            sample: `(n,)` entities, ascending.

        Returns:
            `(b, n)` bool.
        """
        asked, place = torch.unique(queries, return_inverse=True)
        found = torch.zeros((len(asked), len(sample)), dtype=torch.bool, device=sample.device)
        has_many = self.has_many[asked]
        few = (~has_many).nonzero()[:, 0]
        rows, answers, _ = self.queries.answers_of(asked[few])
        columns = torch.searchsorted(sample, answers).clamp_(max=len(sample) - 1)
        is_hit = sample[columns] == answers
        found[few[rows[is_hit]], columns[is_hit]] = True
        if len(few) < len(asked):
            keys = asked[has_many, None] * self.num_entities + sample
            at = torch.searchsorted(self._keys, keys).clamp_(max=len(self._keys) - 1)
            found[has_many] = self._keys[at] == keys
        return found[place]
