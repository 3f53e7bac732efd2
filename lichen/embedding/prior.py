"""A trained ranker and held-out facts to one that knows the habits of relations as well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from lichen.base import check
from lichen.base.errors import ConfigError
from lichen.data.graph import Graph, Ids
from lichen.embedding.artifact import read_artifact, write_artifact
from lichen.embedding.calibrate import Completer, Kind, blocks, score_all
from lichen.embedding.classify import FactScorer
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import facts_to_rank
from lichen.embedding.ids import side_by_side
from lichen.embedding.known import KnownAnswers

STEPS = np.array([1, 2, 3, 5, 9, 17, 33, 129])
"""Numbers of facts at which a candidate counts as more usual."""
NUM_USES = len(STEPS) + 1
NUM_TIES = 3
"""A candidate that asks nothing back, one that a train fact ties the other way round, and the
entity that asks."""
NUM_CLASSES = NUM_USES * NUM_TIES
SCALES = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8)
"""What scores may be multiplied by, so that they and the habits have one unit."""
RIDGE = 0.5
"""Pull of each relation's habits to the common ones; a fact weighs 1."""
_KIND = "prior-ranker"


class FactCompleter(Completer, FactScorer, Protocol):
    """What predictions can be asked of and single facts scored by."""


class Roles:
    """What train facts say of every candidate of a query, whatever the entity that asks.

    Args:
        facts: `(facts, 3)` h, r, t of training.
        num_entities: how many there are.
        num_relations: how many there are, reverse directions not included.
    """

    def __init__(self, facts: Ids, *, num_entities: int, num_relations: int) -> None:
        self.num_entities, self.num_directed = num_entities, 2 * num_relations
        h, r, t = facts.T
        keys = np.concatenate([r * num_entities + t, (r + num_relations) * num_entities + h])
        found, counts = np.unique(keys, return_counts=True)
        relation, self.entity = np.divmod(found, num_entities)
        self.starts = np.searchsorted(relation, np.arange(self.num_directed + 1))
        self.keys, self.use = found, np.digitize(counts, STEPS).astype(np.int64)
        self.known = KnownAnswers(facts, num_relations=num_relations)

    def classes(self, entity: Ids, relation: Ids) -> Tensor:
        """Return the class of each candidate of (entity, relation, ?).

        Args:
            entity: `(batch,)` ids.
            relation: `(batch,)` ids; r + num_relations asks for heads of r.

        Returns:
            `(batch, entities)` int: how often it answers the relation in training, in steps, plus
            `NUM_USES` where a fact of the relation leads from it to the entity that asks, or
            plus twice that where it is the entity that asks.
        """
        out = np.zeros((len(entity), self.num_entities), dtype=np.int64)
        for row, asked in enumerate(relation.tolist()):
            answering = slice(self.starts[asked], self.starts[asked + 1])
            out[row, self.entity[answering]] = self.use[answering]
        back = (relation + self.num_directed // 2) % self.num_directed
        rows, answers = self.known.pairs(entity, back)
        out[rows, answers] += NUM_USES
        rows = np.arange(len(entity))
        out[rows, entity] = out[rows, entity] % NUM_USES + 2 * NUM_USES
        return torch.from_numpy(out)

    def classes_of(self, entity: Ids, relation: Ids, answer: Ids) -> Tensor:
        """Return the class of one candidate of each (entity, relation, ?), as `classes` has it.

        Args:
            entity: `(facts,)` ids.
            relation: `(facts,)` ids; r + num_relations asks for heads of r.
            answer: `(facts,)` ids of the candidates.

        Returns:
            `(facts,)` int
        """
        keys = relation * self.num_entities + answer
        at, after = (np.searchsorted(self.keys, keys, side=side) for side in ("left", "right"))
        out = np.zeros(len(keys), dtype=np.int64)
        out[at < after] = self.use[at[at < after]]
        back = (relation + self.num_directed // 2) % self.num_directed
        rows, answers = self.known.pairs(entity, back)
        out[rows[answers == answer[rows]]] += NUM_USES
        itself = entity == answer
        out[itself] = out[itself] % NUM_USES + 2 * NUM_USES
        return torch.from_numpy(out)


class PriorRanker:
    """Scores a candidate by what a trained ranker scores it, and by how the relation is used.

    A relation has habits that vectors hold badly: who has a birthplace has no second one, nothing
    is a part of itself, a part does not contain its whole, and who never won a prize seldom wins
    one now. Each directed relation adds to a candidate's score a number that depends on how many
    train facts of the relation it answers, on whether one of them leads from it to the entity
    that asks, and on whether it is that entity. Scores of relations stay as they are.

    Use to rank or complete where a few hundred held-out facts are at hand that lack as a user's
    graph lacks facts: where every entity that should have a fact of some kind has it, the learned
    habit that those without one want it is wrong.

    Cost: one pass over the candidates more than the ranker's own.

    Args:
        ranker: a trained encoder or path model.
        facts: `(facts, 3)` h, r, t of training.
        scale: what the ranker's scores are multiplied by.
        weights: `(2 * relations, NUM_CLASSES)` what is added, by class; the second half is of
            reverse directions.

    References:
        Galárraga et al., 2013, WWW (functionality, partial completeness: who has one answer has
        no other). Krompaß et al., 2015, arXiv:1508.02593 (range of a relation as a prior).
        Differs: how much each habit counts is learned from held-out facts.
    """

    def __init__(self, ranker: FactCompleter, facts: Ids, *, scale: float, weights: Tensor) -> None:
        self.ranker, self.facts, self.scale, self.weights = ranker, facts, scale, weights
        self.entities, self.relations = ranker.entities, ranker.relations
        self.num_entities, self.num_relations = ranker.num_entities, ranker.num_relations
        self.roles = Roles(facts, num_entities=self.num_entities, num_relations=self.num_relations)

    @torch.no_grad()
    def score_directed(
        self, entity: ArrayLike | Tensor, relation: ArrayLike | Tensor, *, out: Tensor | None = None
    ) -> Tensor:
        """Score every entity as the answer to (entity, relation, ?): -> `(batch, entities)`.

        Args:
            entity: `(batch,)` ids.
            relation: `(batch,)` ids, all of one direction; r + num_relations asks for heads of r.
            out: `(batch, entities)`, where to write; None takes fresh memory.
        """
        scores = self.ranker.score_directed(entity, relation, out=out)
        asked, by = (
            ids.numpy(force=True) if isinstance(ids, Tensor) else np.asarray(ids, dtype=np.int64)
            for ids in (entity, relation)
        )
        classes = self.roles.classes(asked, by)
        habits = self.weights[torch.from_numpy(by)].gather(1, classes)
        return scores.mul_(self.scale).add_(habits.to(scores))

    @torch.no_grad()
    def score(self, h: ArrayLike | Tensor, r: ArrayLike | Tensor, t: ArrayLike | Tensor) -> Tensor:
        """Score facts by id, each as an answer to (h, r, ?): `(...)` each -> `(...)`."""
        scores = self.ranker.score(h, r, t)
        facts = (x.numpy(force=True) for x in side_by_side(h=h, r=r, t=t))
        asked, by, answer = (x.ravel() for x in np.broadcast_arrays(*facts))
        classes = self.roles.classes_of(asked, by, answer)
        habits = self.weights[torch.from_numpy(by), classes].view(scores.shape)
        return scores * self.scale + habits.to(scores)

    def score_relations(self, h: ArrayLike | Tensor, t: ArrayLike | Tensor) -> Tensor:
        """Score every relation between two entities: `(batch,)` each -> `(batch, relations)`."""
        return self.ranker.score_relations(h, t)

    def with_entities(
        self,
        facts: Iterable[tuple[str, str, str]] = (),
        *,
        texts: Mapping[str, ArrayLike | Tensor] | None = None,
    ) -> PriorRanker:
        """Return a copy that also knows some new entities and facts, without training.

        The encoder places the entities; habits count the facts as if training had seen them.

        Args:
            facts: (head, relation, tail) labels.
            texts: as of the encoder's `with_entities`.

        Raises:
            DataError: as of the encoder's `with_entities`, or an entity of a fact stays unknown.
            ConfigError: the ranker is no `GraphEncoder`, or as of its `with_entities`.
            ShapeError: a text is not as wide as the features.
        """
        said = list(facts)
        if not isinstance(self.ranker, GraphEncoder):
            raise ConfigError(
                "with_entities: the prior must rank by a GraphEncoder; got "
                f"{type(self.ranker).__name__}. Take its `on(graph)`, and fit the prior again."
            )
        grown = self.ranker.with_entities(said, texts=texts)
        known, relation = grown.entities, grown.relations
        ids = [(known.id(h), relation.id(r), known.id(t)) for h, r, t in said]
        added = np.array(ids, dtype=np.int64).reshape(-1, 3)
        seen = np.unique(np.concatenate([self.facts, added]), axis=0)
        return PriorRanker(grown, seen, scale=self.scale, weights=self.weights)

    def save(self, folder: str | Path) -> Path:
        """Write habits, train facts and vectors to a folder, and return it.

        Raises:
            ConfigError: the ranker is no `GraphEncoder`.
        """
        if not isinstance(self.ranker, GraphEncoder):
            raise ConfigError(
                "a saved PriorRanker must rank by a GraphEncoder; got "
                f"{type(self.ranker).__name__}. Save that, and fit the prior again."
            )
        self.ranker.save(Path(folder) / "encoder")
        write_artifact(
            Path(folder),
            kind=_KIND,
            tensors={"facts": torch.from_numpy(self.facts.copy()), "weights": self.weights},
            documents={"scale": self.scale},
        )
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> PriorRanker:
        """Read what `save` wrote.

        Raises:
            ArtifactError: a file is missing, changed, or of another kind or format version.
        """
        tensors, documents = read_artifact(Path(folder), kind=_KIND)
        return cls(
            GraphEncoder.load(Path(folder) / "encoder"),
            tensors["facts"].numpy(),
            scale=documents["scale"],
            weights=tensors["weights"],
        )


def fit_prior(
    ranker: FactCompleter, graph: Graph, split: str = "valid", *, ridge: float = RIDGE
) -> PriorRanker:
    """Learn the habits of relations so that a split's facts become likely among all entities.

    Each fact is asked in both directions; other facts of the train split and of this one are left
    out. Scale and habits maximise the softmax likelihood, which is concave for each scale; a
    relation of few facts keeps near the common habits.

    Args:
        ranker: a trained encoder or path model of the graph.
        graph: the graph, its splits included; habits are seen in its train split.
        split: facts that training did not see, and that are not ranked later.
        ridge: how strongly relations keep to the common habits.

    Returns:
        What ranks by both; whatever asks or measures the ranker takes it in its place.

    Raises:
        DataError: there is no such split, it is empty, the graph is not the ranker's, or a score
            is NaN.
        ConfigError: `ridge` is out of bounds.

    References:
        Boyd and Vandenberghe, 2004, "Convex optimization", section 7.1 (multinomial logit).
    """
    check.between("ridge", ridge, 1e-6, 1e6)
    facts, train = facts_to_rank(ranker, graph, split), graph.split("train")
    roles = Roles(train, num_entities=graph.num_entities, num_relations=graph.num_relations)
    known = KnownAnswers(np.concatenate([train, facts]), num_relations=graph.num_relations)
    kinds: tuple[Kind, Kind] = ("tails", "heads")
    found = [
        _masses(ranker, roles, known, kind, facts[rows])
        for kind in kinds
        for rows in blocks(len(facts), graph.num_entities)
    ]
    lessons = _Lessons(*(torch.cat(part) for part in zip(*found, strict=True)))
    fits = [_fit(lessons, at, roles.num_directed, ridge=ridge) for at in range(len(SCALES))]
    best = min(range(len(SCALES)), key=lambda at: fits[at][0])
    return PriorRanker(ranker, train, scale=SCALES[best], weights=fits[best][1])


def encoder_within(model: object, *, call: str) -> GraphEncoder:
    """Return the encoder whose vectors a model ranks by: itself, or that of a `PriorRanker`.

    Args:
        model: what was trained.
        call: what reads the vectors, as the message names it.

    Raises:
        ConfigError: the model has no entity vectors, as a path model has none.
    """
    wrapped = [model]
    while isinstance(wrapped[-1], PriorRanker):
        wrapped.append(wrapped[-1].ranker)
    if isinstance(wrapped[-1], GraphEncoder):
        return wrapped[-1]
    name = " of a ".join(type(part).__name__ for part in wrapped)
    raise ConfigError(
        f"{call}: the model must have entity vectors; got a {name}, which scores without any. Give "
        "a GraphEncoder, or ask this model by complete and keep it by its save."
    )


class _Lessons(NamedTuple):
    """Directed facts, and how much mass candidates of each class have beside the truth."""

    relation: Tensor
    """`(facts,)` directed."""
    truth: Tensor
    """`(facts,)` class of the truth."""
    masses: Tensor
    """`(facts, scales, NUM_CLASSES)` logarithm of the summed softmax terms, the truth's at 0."""


@torch.no_grad()
def _masses(
    ranker: Completer, roles: Roles, known: KnownAnswers, kind: Kind, facts: Ids
) -> _Lessons:
    scores = score_all(ranker, kind, facts)
    entity, relation, truth = facts.T.copy()
    if kind == "heads":
        entity, relation, truth = truth, relation + ranker.num_relations, entity
    classes = roles.classes(entity, relation).to(scores.device)
    rows, true = torch.arange(len(entity)), torch.from_numpy(truth)
    own = scores[rows, true].clone()
    scores[tuple(torch.from_numpy(ids) for ids in known.pairs(entity, relation))] = -torch.inf
    scores[rows, true] = own
    top = scores.amax(1, keepdim=True)
    scores -= top
    found = []
    for scale in SCALES:
        summed = scores.new_zeros(len(scores), NUM_CLASSES)
        summed.scatter_add_(1, classes, (scale * scores).exp())
        found.append((summed.double().log() - scale * (own[:, None] - top).double()).cpu())
    truths = classes[rows, true].cpu()
    return _Lessons(torch.from_numpy(relation), truths, torch.stack(found, 1))


def _fit(lessons: _Lessons, scale: int, num_directed: int, *, ridge: float) -> tuple[float, Tensor]:
    """Return the objective and `(directed relations, NUM_CLASSES)` habits, by L-BFGS."""
    parts = torch.zeros(NUM_USES + NUM_TIES, NUM_CLASSES, dtype=torch.float64)
    number = torch.arange(NUM_CLASSES)
    parts[number % NUM_USES, number] = 1.0
    parts[NUM_USES + number // NUM_USES, number] = 1.0
    common = nn.Parameter(torch.zeros(len(parts), dtype=torch.float64))
    own = nn.Parameter(torch.zeros(num_directed, len(parts), dtype=torch.float64))
    steps = torch.optim.LBFGS([common, own], max_iter=200, line_search_fn="strong_wolfe")
    masses = lessons.masses[:, scale].clamp_min(_LEAST)

    def objective() -> Tensor:
        steps.zero_grad()
        habits = ((common + own) @ parts)[lessons.relation]
        gap = (masses + habits).logsumexp(1) - habits.gather(1, lessons.truth[:, None])[:, 0]
        total = gap.sum() + ridge * (own.square().sum() + common.square().sum())
        (total / len(masses)).backward()  # type: ignore[no-untyped-call]
        return total / len(masses)

    steps.step(objective)  # type: ignore[no-untyped-call]
    return float(objective().detach()), ((common + own) @ parts).detach().float()


_LEAST = -1e4  # a class without a candidate
