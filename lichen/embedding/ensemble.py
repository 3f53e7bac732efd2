"""Several trained scorers and held-out facts to one scorer that weighs them by relation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from lichen.base.errors import ArtifactError, ConfigError, DataError
from lichen.data.graph import Graph, Ids
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.artifact import read_artifact, write_artifact
from lichen.embedding.calibrate import Completer, blocks
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import facts_to_rank
from lichen.embedding.known import KnownAnswers

SHOWN = 100
"""Best candidates of a query against which weights are fitted."""
DRAWN = 400
"""Drawn candidates of a query that stand for the others."""
RIDGE = 0.1
"""Pull of each relation's weights to the common ones; a query weighs 1."""
_KIND = "ensemble"


class ScorerEnsemble:
    """Scores a fact by the weighted sum of what its members score it.

    A softmax over the sum is a product of experts: what one member finds impossible, the others
    cannot save. Each directed relation has its own weights, since members are good at different
    relations.

    Args:
        members: trained encoders of one graph.
        weights: `(2 * relations, members)`; the second half is of reverse directions.

    Raises:
        DataError: the members' labels differ.

    References:
        Hinton, 2002, Neural Computation 14(8) (product of experts).
        Yue et al., 2023, arXiv:2310.08917 (weights by relation).
        Differs: weights maximise the likelihood of held-out facts, in place of a search.
    """

    def __init__(self, members: Sequence[Completer], weights: Tensor) -> None:
        first = members[0]
        for member in members[1:]:
            if (member.entities, member.relations) != (first.entities, first.relations):
                raise DataError(
                    "members must be trained on one graph; their entities or relations differ."
                )
        self.members, self.weights = list(members), weights

    @property
    def entities(self) -> Vocabulary:
        """Return the entity labels."""
        return self.members[0].entities

    @property
    def relations(self) -> Vocabulary:
        """Return the relation labels."""
        return self.members[0].relations

    @property
    def num_entities(self) -> int:
        """Count the entities."""
        return len(self.entities)

    @property
    def num_relations(self) -> int:
        """Count the relations, reverse directions not included."""
        return len(self.relations)

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
        weights = self.weights[torch.as_tensor(np.asarray(relation))]
        total = self.members[0].score_directed(entity, relation, out=out).mul_(weights[:, :1])
        for i, member in enumerate(self.members[1:], start=1):
            total.addcmul_(member.score_directed(entity, relation), weights[:, i : i + 1])
        return total

    @torch.no_grad()
    def score_relations(self, h: ArrayLike | Tensor, t: ArrayLike | Tensor) -> Tensor:
        """Score every relation between two entities: `(batch,)` each -> `(batch, relations)`."""
        forward = self.weights[: self.num_relations]
        scores = [member.score_relations(h, t) for member in self.members]
        return torch.stack(scores, dim=-1).mul_(forward).sum(-1)

    def save(self, folder: str | Path) -> Path:
        """Write weights and members to a folder, and return it.

        Raises:
            ConfigError: a member is no `GraphEncoder`.
        """
        for i, member in enumerate(self.members):
            if not isinstance(member, GraphEncoder):
                raise ConfigError(
                    f"members of a saved ensemble must be graph encoders; member {i} is a "
                    f"{type(member).__name__}."
                )
            member.save(_member(folder, i))
        write_artifact(
            Path(folder),
            kind=_KIND,
            tensors={"weights": self.weights},
            documents={"members": len(self.members)},
        )
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> ScorerEnsemble:
        """Read what `save` wrote.

        Raises:
            ArtifactError: a file is missing, changed, or of another kind or format version.
        """
        tensors, documents = read_artifact(Path(folder), kind=_KIND)
        weights = tensors["weights"]
        if weights.shape[1] != documents["members"]:
            raise ArtifactError(f"{folder}: weights and members differ in number. Save again.")
        members = [GraphEncoder.load(_member(folder, i)) for i in range(documents["members"])]
        return cls(members, weights)


def fit_scorer_ensemble(
    members: Sequence[Completer], graph: Graph, split: str = "valid", *, ridge: float = RIDGE
) -> ScorerEnsemble:
    """Weigh members so that a split's facts become likely among all entities.

    Each fact is asked in both directions against the `SHOWN` best candidates of the members'
    equal vote and `DRAWN` more that stand for all the others; other facts of the train split and
    of this one are left out. The weights maximise the softmax likelihood, a concave problem; a
    relation of few facts keeps near the common weights.

    Args:
        members: trained encoders of the graph.
        graph: the graph, its splits included.
        split: facts that training did not see, and that are not ranked later.
        ridge: how strongly relations keep to the common weights.

    Returns:
        The ensemble.

    Raises:
        DataError: there are no members, their labels differ, or there is no such split.
        ConfigError: `ridge` is not above 0.

    References:
        Boyd and Vandenberghe, 2004, "Convex optimization", section 7.1 (multinomial logit).
    """
    if not members:
        raise DataError("members must hold at least one trained encoder; got none.")
    if not ridge > 0:
        raise ConfigError(f"ridge must be above 0; got {ridge}.")
    facts = facts_to_rank(members[0], graph, split)
    seen = np.concatenate([graph.split("train"), facts])
    num_directed = 2 * graph.num_relations
    equal = ScorerEnsemble(members, torch.ones(num_directed, len(members)))
    known = KnownAnswers(seen, num_relations=graph.num_relations)
    lessons = _lessons(equal, facts, known)
    return ScorerEnsemble(members, _fit(lessons, num_directed, ridge=ridge))


class _Lessons(NamedTuple):
    """Directed facts and their rivals, as the members score them."""

    relation: Tensor
    """`(facts,)` directed."""
    scores: Tensor
    """`(facts, 1 + rivals, members)`; the truth comes first."""
    stands_for: Tensor
    """`(facts, 1 + rivals)` logarithm of how many entities each stands for; -inf is none."""


@torch.no_grad()
def _lessons(ensemble: ScorerEnsemble, facts: Ids, known: KnownAnswers) -> _Lessons:
    h, r, t = facts.T
    sides = [(h, r, t), (t, r + ensemble.num_relations, h)]
    parts = blocks(len(facts), ensemble.num_entities * len(ensemble.members))
    found = [
        _block(ensemble, entity[rows], relation[rows], truth[rows], known)
        for entity, relation, truth in sides
        for rows in parts
    ]
    return _Lessons(*(torch.cat(part) for part in zip(*found, strict=True)))


def _block(
    ensemble: ScorerEnsemble, entity: Ids, relation: Ids, truth: Ids, known: KnownAnswers
) -> _Lessons:
    told = torch.stack([m.score_directed(entity, relation) for m in ensemble.members], dim=-1)
    true = torch.from_numpy(truth)[:, None]
    rows, hits = (torch.from_numpy(x) for x in known.pairs(entity, relation))
    vote = ((told - told.mean(1, keepdim=True)) / told.std(1, keepdim=True).clamp_min(_TINY)).sum(
        -1
    )
    vote[rows, hits] = -torch.inf
    height, best = vote.topk(min(SHOWN, ensemble.num_entities), dim=1)
    draw = torch.Generator().manual_seed(len(hits))
    others = torch.randperm(ensemble.num_entities, generator=draw)[:DRAWN].expand(len(true), -1)
    low = vote.scatter(1, best, -torch.inf).gather(1, others)
    chosen = torch.cat([true, best, others], dim=1)
    stands_for = torch.cat([torch.zeros(true.shape), 0 * height, 0 * low], dim=1)
    stands_for[:, 1 + best.shape[1] :] += np.log(ensemble.num_entities / others.shape[1])
    stands_for.nan_to_num_(nan=-torch.inf)
    scores = told.gather(1, chosen[..., None].expand(-1, -1, told.shape[-1]))
    return _Lessons(torch.from_numpy(relation), scores, stands_for)


def _fit(lessons: _Lessons, num_directed: int, *, ridge: float) -> Tensor:
    """Return `(directed relations, members)` weights, by L-BFGS on scores of spread 1."""
    scores = lessons.scores - lessons.scores[:, :1]
    scale = scores.square().mean((0, 1)).sqrt().clamp_min(_TINY)
    scores /= scale
    common = nn.Parameter(torch.ones(scores.shape[-1]))
    own = nn.Parameter(torch.zeros(num_directed, scores.shape[-1]))
    steps = torch.optim.LBFGS([common, own], max_iter=200, line_search_fn="strong_wolfe")

    def objective() -> Tensor:
        steps.zero_grad()
        weights = (common + own)[lessons.relation]
        logits = torch.einsum("fcm,fm->fc", scores, weights) + lessons.stands_for
        lost = logits.logsumexp(1).sum()  # the truth stands at 0
        total = (lost + ridge * own.square().sum()) / len(scores)
        total.backward()  # type: ignore[no-untyped-call]
        return total

    steps.step(objective)  # type: ignore[no-untyped-call]
    return (common + own).detach() / scale


def _member(folder: str | Path, number: int) -> Path:
    return Path(folder) / f"member-{number}"


_TINY = 1e-12
