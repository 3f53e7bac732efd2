"""A graph to scores by its paths: trained on one graph, it works on any with the same relations."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from lichen.base import check
from lichen.base.errors import DataError
from lichen.base.seeds import require_seed
from lichen.data.graph import Graph, Ids
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.artifact import read_artifact, write_artifact
from lichen.embedding.edges import Edges
from lichen.embedding.ids import checked_ids, question_ids, side_by_side
from lichen.embedding.path.messages import Links
from lichen.embedding.path.network import Ground, PathNetwork
from lichen.embedding.path.plan import plan_visits

CHUNK_PAIRS = 200_000
"""(question, entity) pairs ranked at a time: a few hundred MB at most."""


class _View(NamedTuple):
    """A graph as the model reads it."""

    entities: Vocabulary
    relations: Vocabulary
    relation_of: Ids
    """`(2 * relations,)` the graph's directed relations to those of training."""
    edges: Edges


class PathModel(nn.Module):
    """Scores an answer by all paths that lead to it from the question's entity.

    No entity has a vector: what is learned belongs to the relations. Trained on one graph, the
    same weights answer questions about another, and a new entity or fact counts at once.

    Use when entities come and go, or to rank answers by the facts around them; prefer a
    `GraphEncoder` when every question must take microseconds.

    Cost: a question visits the edges within `num_layers` steps, once a layer; 3 to 10 ms a
    question in training on graphs of 5,000 to 30,000 facts, one core.

    Args:
        graph: its train split, or all facts of an unsplit graph, is what paths go along.
        dim: width of a state.
        num_layers: longest path.
        seed: of the random start.

    Raises:
        ConfigError: a size or the seed is out of bounds.

    References:
        Zhu et al., 2021, arXiv:2106.06935 (NBFNet, DistMult messages). Differs: relation vectors
        do not depend on the question; of the aggregators, mean and standard deviation; entities
        out of reach are computed once for all questions.

    >>> g = Graph.from_triples([("Vienna", "capital_of", "Austria")])
    >>> PathModel(g, dim=8, num_layers=2).score_directed([0], [0]).shape
    torch.Size([1, 2])
    """

    PAPER: ClassVar[str | None] = "Zhu et al., 2021, arXiv:2106.06935"

    def __init__(self, graph: Graph, *, dim: int = 32, num_layers: int = 6, seed: int = 0) -> None:
        super().__init__()
        check.whole("dim", dim, 1, 100_000)
        check.whole("num_layers", num_layers, 1, 50)
        require_seed("seed", seed)
        self.network = PathNetwork(
            2 * graph.num_relations, dim=dim, num_layers=num_layers, seed=seed
        )
        self.known_relations = graph.relations
        self.view = _view(graph, graph.relations)

    @property
    def entities(self) -> Vocabulary:
        """Return the entities of the graph it reads."""
        return self.view.entities

    @property
    def relations(self) -> Vocabulary:
        """Return the relations of the graph it reads."""
        return self.view.relations

    @property
    def edges(self) -> Edges:
        """Return the edges that paths go along; relations numbered as in training."""
        return self.view.edges

    @property
    def device(self) -> torch.device:
        """Return where the weights are."""
        return self.network.questions.device

    @property
    def num_entities(self) -> int:
        """Count the entities of the graph it reads."""
        return len(self.entities)

    @property
    def num_relations(self) -> int:
        """Count the relations of the graph it reads, reverse directions not included."""
        return len(self.relations)

    def on(self, graph: Graph) -> PathModel:
        """Return the same weights, shared, over another graph or a changed one.

        Args:
            graph: any entities; relations are matched by label.

        Raises:
            DataError: a relation that training did not have.
        """
        twin = copy(self)
        twin.view = _view(graph, self.known_relations)
        return twin

    def ground(self, edges: Edges) -> Ground:
        """Return the states of its entities without a question, by some edges."""
        rows, _ = edges.leaving(np.arange(edges.num_entities))
        links = Links.of(
            rows,
            edges.target,
            edges.relation,
            num_sources=edges.num_entities,
            num_targets=edges.num_entities,
            num_relations=2 * len(self.known_relations),
        ).to(self.device)
        degree = torch.from_numpy(np.diff(edges.offsets)).to(self.network.questions)
        return self.network.ground(links, degree)

    def score_candidates(
        self, entity: Ids, relation: Ids, candidates: Ids | None, *, edges: Edges, ground: Ground
    ) -> Tensor:
        """Score some entities as answers; differentiable.

        Args:
            entity: `(batch,)` ids.
            relation: `(batch,)` directed relations of the graph; r + num_relations asks for heads.
            candidates: `(batch, candidates)` ids; None is all entities.
            edges: what paths go along.
            ground: of those edges.

        Returns:
            `(batch, candidates)`
        """
        plan = plan_visits(
            edges,
            entity,
            candidates,
            num_layers=self.network.num_layers,
            num_relations=2 * len(self.known_relations),
        ).to(self.device)
        if candidates is None:
            every = torch.arange(self.num_entities).expand(len(entity), -1)
        else:
            every = torch.from_numpy(candidates)
        asked = torch.from_numpy(self.view.relation_of[relation]).to(self.device)
        scores: Tensor = self.network(ground, plan, asked, every.to(self.device))
        return scores

    @torch.no_grad()
    def score_directed(
        self, entity: ArrayLike | Tensor, relation: ArrayLike | Tensor, *, out: Tensor | None = None
    ) -> Tensor:
        """Score every entity as the answer to (entity, relation, ?).

        Equal questions are asked once.

        Args:
            entity: `(batch,)` ids.
            relation: `(batch,)` ids; r + num_relations asks for the heads of r.
            out: `(batch, entities)`, where to write; None takes fresh memory.

        Returns:
            `(batch, entities)`, higher = more plausible.

        Raises:
            DataError: an id is no whole number, or out of range.
            ShapeError: they are no two lists of one length.
        """
        ids = question_ids(
            entity, relation, num_entities=self.num_entities, num_relations=self.num_relations
        )
        asked, by = (x.numpy(force=True) for x in ids)
        found = out
        if found is None:
            found = torch.empty(len(asked), self.num_entities, device=self.device)
        keys, question = np.unique(by * self.num_entities + asked, return_inverse=True)
        by, asked = np.divmod(keys, self.num_entities)
        order = np.argsort(question, kind="stable")
        ground = self.ground(self.edges)
        for block in self._blocks(len(keys)):
            scores = self.score_candidates(
                asked[block], by[block], None, edges=self.edges, ground=ground
            )
            first, last = np.searchsorted(question[order], [block.start, block.stop])
            rows = order[first:last]
            found[torch.from_numpy(rows)] = scores[torch.from_numpy(question[rows] - block.start)]
        return found

    @torch.no_grad()
    def score(self, h: ArrayLike | Tensor, r: ArrayLike | Tensor, t: ArrayLike | Tensor) -> Tensor:
        """Score facts by id, each as an answer to (h, r, ?): `(...)` each -> `(...)`.

        Facts of one head and relation share a question, and a question visits only what lies on
        the way to its tails.

        Raises:
            ShapeError: there are not as many of each.
            DataError: an id is no whole number, or out of range.
        """
        sizes = (self.num_entities, self.num_relations, self.num_entities)
        parts = zip(
            ("entity", "relation", "entity"), side_by_side(h=h, r=r, t=t), sizes, strict=True
        )
        facts = np.broadcast_arrays(*(checked_ids(*part).numpy(force=True) for part in parts))
        head, relation, tail = (x.ravel() for x in facts)
        keys, place = np.unique(
            (relation * self.num_entities + head) * self.num_entities + tail, return_inverse=True
        )
        questions, tails = np.divmod(keys, self.num_entities)
        questions, first, count = np.unique(questions, return_index=True, return_counts=True)
        by, asked = np.divmod(questions, self.num_entities)
        ground = self.ground(self.edges)
        found = [ground.states[0].new_empty(0)]
        for block in self._blocks(len(questions)):
            column, last = np.arange(count[block].max()), count[block, None] - 1
            candidates = tails[first[block, None] + np.minimum(column, last)]
            scores = self.score_candidates(
                asked[block], by[block], candidates, edges=self.edges, ground=ground
            )
            found.append(scores[torch.from_numpy(column <= last)])
        return torch.cat(found)[torch.from_numpy(place.reshape(facts[0].shape))]

    def score_relations(self, h: ArrayLike | Tensor, t: ArrayLike | Tensor) -> Tensor:
        """Score every relation between two entities: `(batch,)` each -> `(batch, relations)`.

        Cost: a question a relation.

        Raises:
            ShapeError: there are not as many heads as tails.
            DataError: an id is no whole number, or out of range.
        """
        h, t = side_by_side(h=h, t=t)
        return self.score(h[..., None], np.arange(self.num_relations), t[..., None])

    def _blocks(self, num_questions: int) -> list[slice]:
        """Divide questions so that `CHUNK_PAIRS` pairs are ranked at a time."""
        size = max(1, CHUNK_PAIRS // max(1, self.num_entities))
        return [slice(start, start + size) for start in range(0, num_questions, size)]

    def save(self, folder: str | Path) -> Path:
        """Write the weights and the relations' labels to a folder, and return it."""
        write_artifact(
            Path(folder),
            kind="path-model",
            tensors={name: x.detach() for name, x in self.network.state_dict().items()},
            documents={
                "model": {"dim": self.network.dim, "num_layers": self.network.num_layers},
                "relations": list(self.known_relations),
            },
        )
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path, graph: Graph) -> PathModel:
        """Read what `save` wrote, to answer questions about a graph.

        Raises:
            ArtifactError: a file is missing, changed, or of another format version.
            DataError: the graph has a relation that training did not have.
        """
        tensors, documents = read_artifact(Path(folder), kind="path-model")
        none = Graph(
            entities=Vocabulary((), what="entity"),
            relations=Vocabulary(documents["relations"], what="relation"),
            triples=np.empty((0, 3), dtype=np.int64),
        )
        model = cls(none, **documents["model"])
        model.network.load_state_dict(tensors)
        return model.on(graph)


def _view(graph: Graph, known: Vocabulary) -> _View:
    missing = [label for label in graph.relations if label not in known]
    if missing:
        raise DataError(
            f"graph must have only the {len(known)} relations that the model was trained on; "
            f"{missing[0]!r} is not one of them ({len(missing)} are not). Train on a graph that "
            "has it, or leave its facts out."
        )
    one_way = known.ids(graph.relations)
    facts = graph.split("train") if "train" in graph.splits or not graph.splits else None
    if facts is None:
        raise DataError(
            f"graph must have a train split for paths to go along; it has "
            f"{', '.join(graph.splits)}. Name one of them train."
        )
    h, r, t = facts.T
    return _View(
        entities=graph.entities,
        relations=graph.relations,
        relation_of=np.concatenate([one_way, one_way + len(known)]),
        edges=Edges.of(
            np.stack([h, one_way[r], t], axis=1),
            num_entities=graph.num_entities,
            num_relations=len(known),
        ),
    )
