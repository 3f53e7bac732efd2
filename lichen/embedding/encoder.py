"""A graph to vectors: one row an entity, two a relation, with a scorer over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from lichen.base import check
from lichen.base.errors import ConfigError
from lichen.base.manifest import kind_of
from lichen.base.seeds import require_seed
from lichen.data.graph import Graph, Ids
from lichen.data.vocabulary import Vocabulary
from lichen.embedding import ENCODERS
from lichen.embedding.artifact import read_artifact, write_artifact
from lichen.embedding.ids import question_ids, rows_of, side_by_side
from lichen.embedding.scorer import Scorer, make_scorer
from lichen.embedding.unseen import (
    Newcomer,
    fact_pairs,
    find_newcomers,
    place_described,
    place_unseen,
)


class GraphEncoder(nn.Module):
    """Vectors of a graph's entities and relations, and the scores they give to facts.

    With `reciprocal`, each relation has a second vector for its reverse direction, by which heads
    are asked for: (?, r, t) is scored as (t, reverse of r, ?), so `score` and `score_heads` are
    two opinions. Without, both directions are one formula's.

    Args:
        scorer: a key of `lichen.embedding.SCORERS`.
        graph: the entities and relations to have vectors for; its facts are not read.
        dim: numbers an entity.
        seed: of the random start.
        reciprocal: whether reverse directions have vectors of their own.
        **settings: the scorer's own settings, such as `norm` of TransE.

    Raises:
        ChoiceError: no such scorer.
        ConfigError: `dim`, `seed` or `reciprocal` is out of bounds or does not fit the scorer.

    >>> g = Graph.from_triples([("Vienna", "capital_of", "Austria")])
    >>> GraphEncoder("complex", g, dim=8).score_tails([0], [0]).shape
    torch.Size([1, 2])
    """

    parts: Mapping[str, Any] = MappingProxyType({})
    """What a subclass is built of beside the arguments above, as JSON holds it."""
    draw: np.random.Generator | None = None
    """The stream by which a subclass samples in training."""

    def __init__(
        self,
        scorer: str,
        graph: Graph,
        *,
        dim: int = 128,
        seed: int = 0,
        reciprocal: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__()
        check.whole("dim", dim, 1, 1_000_000)
        check.truth("reciprocal", reciprocal)
        require_seed("seed", seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # a scorer's own weights start by torch's global stream
            self.scorer: Scorer = make_scorer(scorer, dim, **settings)
        if not (reciprocal or self.scorer.asks_heads):
            raise ConfigError(
                f"reciprocal must be True for {scorer}: its heads can only be asked for by a "
                "reverse relation; got False."
            )
        self.scorer_name = scorer
        self.settings = settings
        self.reciprocal = reciprocal
        self.entities: Vocabulary = graph.entities
        self.relations: Vocabulary = graph.relations
        self.dim = dim
        self._start(seed)
        self.eval()

    def _start(self, seed: int) -> None:
        """Draw the vectors."""
        draw = torch.Generator().manual_seed(seed)
        num_rows = len(self.relations) * (2 if self.reciprocal else 1)
        self.entity_table = nn.Parameter(self.scorer.start_entities(len(self.entities), draw))
        self.relation_table = nn.Parameter(self.scorer.start_relations(num_rows, draw))

    @property
    def is_table(self) -> bool:
        """Whether every entity has its own learned vector; otherwise they are computed."""
        return True

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
        return rows_of(self.entity_table, ids, what="entity")

    def forward(self, ids: ArrayLike | Tensor) -> Tensor:
        """Return the vectors of entity ids."""
        return self.vectors(ids)

    def score(self, h: ArrayLike | Tensor, r: ArrayLike | Tensor, t: ArrayLike | Tensor) -> Tensor:
        """Score facts by id, in the direction head to tail: `(...)` each -> `(...)`.

        Raises:
            ShapeError: there are not as many of each.
            DataError: an id is no whole number, or out of range.
        """
        h, r, t = side_by_side(h=h, r=r, t=t)
        forward = self.relation_table[: self.num_relations]
        relation = rows_of(forward, r, what="relation")
        return self.scorer.score(self.vectors(h), relation, self.vectors(t))

    def score_tails(self, h: ArrayLike | Tensor, r: ArrayLike | Tensor) -> Tensor:
        """Score every entity as tail: `(batch,)` each -> `(batch, entities)`."""
        h, r = side_by_side(h=h, r=r)
        relation = rows_of(self.relation_table[: self.num_relations], r, what="relation")
        return self.scorer.score_tails(self.vectors(h), relation, self.vectors())

    def score_heads(self, r: ArrayLike | Tensor, t: ArrayLike | Tensor) -> Tensor:
        """Score every entity as head: `(batch,)` each -> `(batch, entities)`."""
        r, t = side_by_side(r=r, t=t)
        if self.reciprocal:
            relation = rows_of(self.relation_table[self.num_relations :], r, what="relation")
            return self.scorer.score_tails(self.vectors(t), relation, self.vectors())
        relation = rows_of(self.relation_table, r, what="relation")
        return self.scorer.score_heads(relation, self.vectors(t), self.vectors())

    def score_relations(self, h: ArrayLike | Tensor, t: ArrayLike | Tensor) -> Tensor:
        """Score every relation between two entities: `(batch,)` each -> `(batch, relations)`."""
        h, t = side_by_side(h=h, t=t)
        relations = self.relation_table[: self.num_relations]
        return self.scorer.score_relations(self.vectors(h), self.vectors(t), relations)

    def directed(
        self, entity: Tensor, relation: Tensor, table: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the queries (entity, relation, ?) and what they are compared with.

        Args:
            entity: `(batch,)` ids, on any device.
            relation: `(batch,)` ids, all of one direction when the encoder is not reciprocal;
                r + num_relations asks for the heads of r.
            table: `(entities, entity_dim)` vectors to ask with; None is the encoder's own.

        Returns:
            `(batch, query width)` and `(entities, query width)`.
        """
        vectors = self.vectors() if table is None else table
        entity, relation = entity.to(vectors.device), relation.to(vectors.device)
        known = vectors.index_select(0, entity)
        if self.reciprocal or not len(relation) or int(relation[0]) < self.num_relations:
            asked = self.scorer.tail_queries(known, self.relation_table, relation)
            return asked, self.scorer.as_tails(vectors)
        rows = relation - self.num_relations
        asked = self.scorer.head_queries(self.relation_table, rows, known)
        return asked, self.scorer.as_heads(vectors)

    @torch.no_grad()
    def score_directed(
        self, entity: ArrayLike | Tensor, relation: ArrayLike | Tensor, *, out: Tensor | None = None
    ) -> Tensor:
        """Score every entity as the answer to (entity, relation, ?): -> `(batch, entities)`.

        Args:
            entity: `(batch,)` ids.
            relation: `(batch,)` ids, all of one direction when the encoder is not reciprocal;
                r + num_relations asks for the heads of r.
            out: `(batch, entities)`, where to write; None takes fresh memory.
        """
        asked, by = question_ids(
            entity, relation, num_entities=self.num_entities, num_relations=self.num_relations
        )
        queries, candidates = self.directed(asked, by)
        return self.scorer.comparison.scores(queries, candidates, out=out)

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
        table = self.vectors()
        return self._placed(as_head, as_tail, table=table, size=self._usual_size(table))

    @torch.no_grad()
    def with_entities(
        self,
        facts: Iterable[tuple[str, str, str]] = (),
        *,
        texts: Mapping[str, ArrayLike | Tensor] | None = None,
    ) -> GraphEncoder:
        """Return a copy that also knows some new entities, without training.

        Each new entity is placed by `encode_unseen` from its facts with entities known here, and
        its text; what was known keeps its ids and vectors.

        Args:
            facts: (head, relation, tail) labels; facts between known entities are not read.
            texts: label of a new entity to the `(width,)` vector of its description, made as the
                features were, for encoders that have features. None has facts alone.

        Returns:
            The copy, the new entities last, in order of first appearance.

        Raises:
            DataError: a relation is unknown, a text is of a known entity or holds a NaN, or a new
                entity has neither a fact with a known one nor a text, or a blank label.
            ConfigError: there are texts, and the encoder reads none; or `texts` is no mapping.
            ShapeError: a text is not as wide as the features.
        """
        new = find_newcomers(facts, texts, entities=self.entities, relations=self.relations)
        tables: dict[int, Any] = {}
        for name, rows in self._rows_of(new).items():
            table = getattr(self, name)
            whole = torch.cat([table, rows])
            tables[id(table)] = nn.Parameter(whole) if isinstance(table, nn.Parameter) else whole
        grown = deepcopy(self, tables)
        grown.entities = Vocabulary([*self.entities, *new], what="entity")
        return grown

    def _rows_of(self, new: Mapping[str, Newcomer]) -> dict[str, Tensor]:
        """Return what new entities add to tables, by the table's name."""
        return {"entity_table": self._placed_all(new)}

    def _placed(
        self,
        as_head: ArrayLike,
        as_tail: ArrayLike,
        *,
        table: Tensor,
        size: Tensor | None,
        told: Tensor | None = None,
    ) -> Tensor:
        """Return where facts and what a text says, if any, place an entity; see `encode_unseen`."""
        heading, ending = fact_pairs("as_head", as_head), fact_pairs("as_tail", as_tail)
        num_facts = len(heading) + len(ending)
        placed = self.entity_table.new_zeros(self.entity_dim)
        if num_facts:
            placed = place_unseen(self._implied(heading, ending, table), size=size)
        if told is None:
            return placed
        return place_described(told, placed, num_facts=num_facts, size=size)

    def _usual_size(self, table: Tensor) -> Tensor | None:
        """Return the mean length of the vectors, or None under a distance."""
        return table.norm(dim=1).mean() if self.scorer.comparison.is_dot else None

    def _implied(self, heading: Ids, ending: Ids, table: Tensor) -> Tensor:
        """Return what each fact asks of an entity, a row a formula: `(rows, entity_dim)`."""
        forward = self.relation_table[: self.num_relations]
        reverse = self.relation_table[self.num_relations :]
        said = [(True, forward, heading), (False, forward, ending[:, ::-1])]
        if self.reciprocal:
            said += [(False, reverse, heading), (True, reverse, ending[:, ::-1])]
        implied = []
        for is_head, relations, pairs in said:
            relation = rows_of(relations, pairs[:, 0].copy(), what="relation")
            others = rows_of(table, pairs[:, 1].copy(), what="entity")
            if not is_head:
                implied.append(self.scorer.implied_tail(others, relation))
            elif self.scorer.asks_heads:
                implied.append(self.scorer.implied_head(relation, others))
        return torch.cat(implied)

    def _placed_all(self, new: Mapping[str, Newcomer]) -> Tensor:
        """Return `(new entities, entity_dim)` where each is placed."""
        table = self.vectors()
        size = self._usual_size(table)
        rows = [table.new_zeros(0, self.entity_dim)]
        for label, (as_head, as_tail, text) in new.items():
            told = None if text is None else self._told(text, of=f"text of {label!r}")
            rows.append(self._placed(as_head, as_tail, table=table, size=size, told=told)[None])
        return torch.cat(rows)

    def _told(self, text: ArrayLike | Tensor, *, of: str = "text") -> Tensor:
        """Return what a text says an entity is: `(width,)` -> `(entity_dim,)`."""
        del text
        raise ConfigError(
            f"{of} must be left out: this {type(self).__name__} has no features, so it reads no "
            "text. Give facts, or train a DescribedEncoder or a GraphNetwork with features."
        )

    def save(self, folder: str | Path) -> Path:
        """Write the vectors, labels and settings to a folder, and return it.

        Raises:
            LichenError: the disk is full or cannot be written to; see `write_artifact`.
        """
        write_artifact(
            Path(folder),
            kind="graph-encoder",
            tensors={
                "entities": self.entity_table.detach(),
                "relations": self.relation_table.detach(),
                **{f"scorer.{name}": x for name, x in self.scorer.state_dict().items()},
            },
            documents={
                "encoder": {
                    "scorer": self.scorer_name,
                    "settings": self.settings,
                    "dim": self.dim,
                    "reciprocal": self.reciprocal,
                },
                "entities": list(self.entities),
                "relations": list(self.relations),
            },
        )
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> GraphEncoder:
        """Read what `save` wrote, of this class or of one that computes its vectors.

        Raises:
            ArtifactError: a file is missing, changed, or of another kind or format version.
        """
        kind = kind_of(Path(folder))
        if kind is not None and kind in ENCODERS:
            module, _, name = ENCODERS[kind].partition(":")
            other: type[GraphEncoder] = getattr(import_module(module), name)
            return other.load(folder)
        tensors, documents = read_artifact(Path(folder), kind="graph-encoder")
        no_entity = Graph(
            entities=Vocabulary([], what="entity"),
            relations=Vocabulary(documents["relations"], what="relation"),
            triples=np.empty((0, 3), dtype=np.int64),
        )
        said = documents["encoder"]
        encoder = cls(
            said["scorer"],
            no_entity,
            dim=said["dim"],
            reciprocal=said["reciprocal"],
            **said["settings"],
        )
        own = {k.removeprefix("scorer."): x for k, x in tensors.items() if k.startswith("scorer.")}
        encoder.scorer.load_state_dict(own)
        encoder.entities = Vocabulary(documents["entities"], what="entity")
        encoder.entity_table = nn.Parameter(tensors["entities"])
        encoder.relation_table = nn.Parameter(tensors["relations"])
        return encoder.eval()
