"""A graph to vectors: one row an entity, two a relation, with a scorer over them."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from lichen.base import check
from lichen.base.errors import DataError, ShapeError
from lichen.data.graph import Graph, Ids
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.artifact import read_artifact, write_artifact
from lichen.embedding.scorer import make_scorer
from lichen.embedding.unseen import place_unseen

START_SIZE = 0.05
"""Standard deviation of a new vector's coordinates."""


class GraphEncoder(nn.Module):
    """Vectors of a graph's entities and relations, and the scores they give to facts.

    Each relation has a second vector for its reverse direction, by which heads are asked for:
    (?, r, t) is scored as (t, reverse of r, ?), so `score` and `score_heads` are two opinions.

    Args:
        scorer: a key of `lichen.embedding.SCORERS`.
        graph: the entities and relations to have vectors for; its facts are not read.
        dim: numbers an entity.
        seed: of the random start.
        **settings: the scorer's own settings, such as `norm` of TransE.

    Raises:
        ChoiceError: no such scorer.
        ConfigError: `dim` does not fit the scorer.

    >>> g = Graph.from_triples([("Vienna", "capital_of", "Austria")])
    >>> GraphEncoder("complex", g, dim=8).score_tails([0], [0]).shape
    torch.Size([1, 2])
    """

    def __init__(
        self,
        scorer: str,
        graph: Graph,
        *,
        dim: int = 128,
        seed: int = 0,
        **settings: Any,
    ) -> None:
        super().__init__()
        check.between("dim", dim, 1, 1_000_000)
        self.scorer_name = scorer
        self.settings = settings
        self.scorer = make_scorer(scorer, **settings)
        self.entities: Vocabulary = graph.entities
        self.relations: Vocabulary = graph.relations
        self.dim = dim
        draw = torch.Generator().manual_seed(seed)
        entity_shape = (len(self.entities), self.scorer.entity_width(dim))
        relation_shape = (2 * len(self.relations), self.scorer.relation_width(dim))
        self.entity_table = nn.Parameter(torch.randn(entity_shape, generator=draw) * START_SIZE)
        self.relation_table = nn.Parameter(torch.randn(relation_shape, generator=draw) * START_SIZE)

    @property
    def num_entities(self) -> int:
        """Count the entities."""
        return len(self.entities)

    @property
    def num_relations(self) -> int:
        """Count the relations, reverse directions not included."""
        return len(self.relations)

    @property
    def entity_dim(self) -> int:
        """Return the width of an entity's vector."""
        return self.entity_table.shape[1]

    @property
    def relation_dim(self) -> int:
        """Return the width of a relation's vector."""
        return self.relation_table.shape[1]

    def vectors(self, ids: ArrayLike | Tensor | None = None) -> Tensor:
        """Return entity vectors: ids of any shape `(...)` -> `(..., entity_dim)`; None is all."""
        if ids is None:
            return self.entity_table
        return _rows(self.entity_table, ids, what="entity")

    def forward(self, ids: ArrayLike | Tensor) -> Tensor:
        """Return the vectors of entity ids."""
        return self.vectors(ids)

    def score(self, h: ArrayLike | Tensor, r: ArrayLike | Tensor, t: ArrayLike | Tensor) -> Tensor:
        """Score facts by id, in the direction head to tail: `(...)` each -> `(...)`."""
        forward = self.relation_table[: self.num_relations]
        relation = _rows(forward, r, what="relation")
        return self.scorer.score(self.vectors(h), relation, self.vectors(t))

    def score_tails(self, h: ArrayLike | Tensor, r: ArrayLike | Tensor) -> Tensor:
        """Score every entity as tail: `(batch,)` each -> `(batch, entities)`."""
        relation = _rows(self.relation_table[: self.num_relations], r, what="relation")
        return self.scorer.score_tails(self.vectors(h), relation, self.entity_table)

    def score_heads(self, r: ArrayLike | Tensor, t: ArrayLike | Tensor) -> Tensor:
        """Score every entity as head, by the reverse relation: -> `(batch, entities)`."""
        relation = _rows(self.relation_table[self.num_relations :], r, what="relation")
        return self.scorer.score_tails(self.vectors(t), relation, self.entity_table)

    def score_directed(self, entity: ArrayLike | Tensor, relation: ArrayLike | Tensor) -> Tensor:
        """Score every entity as the answer to (entity, relation, ?): -> `(batch, entities)`.

        Args:
            entity: `(batch,)` ids.
            relation: `(batch,)` ids; r + num_relations asks for the heads of r.
        """
        rows = _rows(self.relation_table, relation, what="relation")
        return self.scorer.score_tails(self.vectors(entity), rows, self.entity_table)

    def interaction(self, head: Tensor, tail: Tensor) -> Tensor:
        """Return what two vectors say together: `(..., entity_dim)` -> `(..., relation_dim)`.

        For bilinear scorers its inner product with a relation's vector is the score.
        """
        return self.scorer.interaction(head, tail)

    @torch.no_grad()
    def encode_unseen(self, *, as_head: ArrayLike = (), as_tail: ArrayLike = ()) -> Tensor:
        """Return a vector for an entity that has no row here, from its facts.

        It is the mean of what each fact implies, in closed form: a millisecond, no training.

        Args:
            as_head: `(facts, 2)` relation and tail ids of the facts that it heads.
            as_tail: `(facts, 2)` head and relation ids of the facts that it ends.

        Returns:
            `(entity_dim,)`; all zeros when there is no fact.

        Raises:
            ShapeError: a list does not hold pairs.
            DataError: an id is out of range.
        """
        heading, ending = _pairs("as_head", as_head), _pairs("as_tail", as_tail)
        others = np.concatenate([heading[:, 1], ending[:, 0]])
        if len(others) == 0:
            return self.entity_table.new_zeros(self.entity_dim)
        forward, reverse = torch.split(self.relation_table, self.num_relations)
        asking = torch.cat(
            [
                _rows(forward, heading[:, 0], what="relation"),
                _rows(reverse, ending[:, 1], what="relation"),
            ]
        )
        size = self.entity_table.norm(dim=1).mean()
        return place_unseen(self.scorer, asking, self.vectors(others), size=size)

    def shuffled(self, seed: int = 0) -> GraphEncoder:
        """Return a copy whose entity vectors are dealt to other entities.

        It has the same parameters, norms and geometry and says nothing about any entity: the
        twin against which knowledge is measured.
        """
        twin = deepcopy(self)
        order = torch.randperm(self.num_entities, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            twin.entity_table.copy_(self.entity_table[order])
        return twin

    def save(self, folder: str | Path) -> Path:
        """Write the vectors, labels and settings to a folder, and return it."""
        write_artifact(
            Path(folder),
            kind="graph-encoder",
            tensors={
                "entities": self.entity_table.detach(),
                "relations": self.relation_table.detach(),
            },
            documents={
                "encoder": {
                    "scorer": self.scorer_name,
                    "settings": self.settings,
                    "dim": self.dim,
                },
                "entities": list(self.entities),
                "relations": list(self.relations),
            },
        )
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> GraphEncoder:
        """Read what `save` wrote.

        Raises:
            ArtifactError: a file is missing, changed, or of another format version.
        """
        tensors, documents = read_artifact(Path(folder), kind="graph-encoder")
        labels = Graph(
            entities=Vocabulary(documents["entities"], what="entity"),
            relations=Vocabulary(documents["relations"], what="relation"),
            triples=np.empty((0, 3), dtype=np.int64),
        )
        said = documents["encoder"]
        encoder = cls(said["scorer"], labels, dim=said["dim"], **said["settings"])
        with torch.no_grad():
            encoder.entity_table.copy_(tensors["entities"])
            encoder.relation_table.copy_(tensors["relations"])
        return encoder


def _rows(table: Tensor, ids: ArrayLike | Tensor, *, what: str) -> Tensor:
    found = ids if isinstance(ids, Tensor) else torch.from_numpy(np.array(ids, dtype=np.int64))
    _refuse_outside(what, found, len(table))
    return table[found.to(table.device)]


def _refuse_outside(what: str, ids: Tensor, count: int) -> None:
    if ids.numel() and not (int(ids.min()) >= 0 and int(ids.max()) < count):
        raise DataError(
            f"{what} ids must be from 0 to {count - 1}; got {int(ids.min())} to {int(ids.max())}. "
            f"Look ids up in the encoder's own {what} labels."
        )


def _pairs(name: str, facts: ArrayLike) -> Ids:
    found = np.asarray(facts, dtype=np.int64)
    found = found.reshape(0, 2) if found.size == 0 else found
    if found.ndim != 2 or found.shape[1] != 2:
        raise ShapeError(f"{name} must have shape (facts, 2); got {found.shape}.")
    return found
