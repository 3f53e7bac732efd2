"""Scores of predictions to probabilities, fitted on facts that training did not see."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from lichen.base import check
from lichen.base.errors import ArtifactError, DataError
from lichen.base.paths import require_folder
from lichen.base.seeds import require_seed
from lichen.data.graph import Graph, Ids
from lichen.data.vocabulary import Vocabulary
from lichen.data.write.atomic import atomic_text
from lichen.embedding.evaluate import CHUNK_SCORES, Ranker, facts_to_rank, require_ranker

Kind = Literal["tails", "heads", "relations"]
Floats = NDArray[np.float64]
KINDS: tuple[Kind, ...] = ("tails", "heads", "relations")
SHOWN = 100
"""Best candidates of a query on which probabilities are fitted."""
CALIBRATION, _FORMAT = "calibration.json", 1
_RIDGE = 1e-3  # keeps weights finite when scores divide right and wrong without a mistake


class Completer(Ranker, Protocol):
    """What predictions can be asked of: a `Ranker` with labels that also scores relations."""

    @property
    def entities(self) -> Vocabulary:
        """Entity labels."""
        ...

    @property
    def relations(self) -> Vocabulary:
        """Relation labels."""
        ...

    def score_relations(self, h: ArrayLike | Tensor, t: ArrayLike | Tensor) -> Tensor:
        """Score every relation between two entities: `(batch,)` each -> `(batch, relations)`."""
        ...


class Weights(NamedTuple):
    """The logit of a prediction: score * its score + mass * its query's log-sum-exp + offset."""

    score: float
    mass: float
    offset: float


@dataclass(frozen=True, kw_only=True)
class Calibrator:
    """Probabilities of predictions: of a hundred called 80 % likely, about eighty are facts.

    The logit is linear in a prediction's score and in the log-sum-exp of the scores of all
    candidates that are not known facts: Platt scaling, with the softmax as a special case. A
    score never weighs less than 0, so probabilities do not contradict the ranking. What counts as
    true are the facts of the split it was fitted on and nothing else, so where a graph lacks many
    facts the probabilities are too low.

    References:
        Platt, 1999, "Probabilistic outputs for support vector machines".
        Tabacof and Costabello, 2020, arXiv:1912.10000 (Platt scaling of embedding scores).
        Differs: on the best candidates of each query in place of drawn corruptions, and with
        the query's mass as a second feature.
    """

    tails: Weights
    heads: Weights
    relations: Weights
    num_facts: int
    """Facts it was fitted on."""

    def probability(self, kind: Kind, scores: ArrayLike, mass: ArrayLike) -> Floats:
        """Return the probability that predictions are facts.

        Args:
            kind: what was asked for.
            scores: `(...)` scores of the predictions.
            mass: `(...)` log-sum-exp of the scores of each query's unknown candidates.

        Returns:
            `(...)` from 0 to 1.
        """
        found: Weights = getattr(self, kind)
        logit = np.full(np.broadcast(scores, mass).shape, found.offset)
        for weight, feature in ((found.score, scores), (found.mass, mass)):
            if weight:  # 0 times the infinite mass of a query without candidates would be NaN
                logit = logit + weight * np.asarray(feature, dtype=np.float64)
        return _sigmoid(logit)

    def save(self, folder: str | Path) -> Path:
        """Write `calibration.json` into a folder, such as the encoder's; return its path.

        Raises:
            ConfigError: a file stands where the folder should be.
            DataError: the place cannot be written to.
        """
        path = Path(folder) / CALIBRATION
        require_folder(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        said = json.dumps({"format": _FORMAT, **asdict(self)}, indent=1, allow_nan=False)
        with atomic_text(path) as file:
            file.write(said)
        return path

    @classmethod
    def load(cls, folder: str | Path) -> Calibrator:
        """Read what `save` wrote.

        Raises:
            ArtifactError: it is not there, or is of another format.
        """
        path = Path(folder) / CALIBRATION
        try:
            said = json.loads(path.read_text("utf-8"))
            if said["format"] != _FORMAT:
                raise ArtifactError(
                    f"{path}: must be of format {_FORMAT}; got {said['format']!r}. Calibrate again."
                )
            weights = {kind: Weights(*map(float, said[kind])) for kind in KINDS}
            return cls(**weights, num_facts=int(said["num_facts"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"{path}: no calibration ({error!r}). Calibrate again.") from None


def calibrate(
    encoder: Completer, graph: Graph, split: str = "valid", *, limit: int = 1000, seed: int = 0
) -> Calibrator:
    """Fit probabilities of predictions on the facts of a split.

    For tails, heads and relations apart, each fact's query is asked, facts of the train split
    are left out, and a logistic regression tells the split's facts among the best `SHOWN`
    candidates from the rest.

    Args:
        encoder: the trained vectors, or anything that scores entities and relations.
        graph: the graph, its splits included.
        split: facts that training did not see.
        limit: facts used at most, drawn at random.
        seed: of the draw.

    Returns:
        The fitted probabilities.

    Raises:
        DataError: there is no such split, it is empty, or a score is NaN.
        ConfigError: `limit` or `seed` is out of bounds, or `encoder` or `graph` is none.
    """
    require_ranker("calibrate", encoder)
    check.whole("limit", limit, 1, 1_000_000_000)
    require_seed("seed", seed)
    triples = facts_to_rank(encoder, graph, split)
    order = np.random.default_rng(seed).permutation(len(triples))[:limit]
    asked = triples[np.sort(order)]
    found = {
        kind: _fit(*_candidates(encoder, kind, asked, known=graph.split("train"), true=triples))
        for kind in KINDS
    }
    return Calibrator(**found, num_facts=len(asked))


def score_all(encoder: Completer, kind: Kind, facts: Ids) -> Tensor:
    """Score all answers to the queries that facts become without their tail, head or relation.

    Args:
        encoder: what scores.
        kind: what is asked for.
        facts: `(queries, 3)` h, r, t; the one asked for is not read.

    Returns:
        `(queries, entities)` or `(queries, relations)`, outside autograd.

    Raises:
        DataError: a score is NaN.
    """
    h, r, t = facts.T.copy()
    with torch.no_grad():
        if kind == "relations":
            scores = encoder.score_relations(h, t)
        elif kind == "tails":
            scores = encoder.score_directed(h, r)
        else:
            scores = encoder.score_directed(t, r + encoder.num_relations)
    if scores.isnan().any():
        raise DataError(
            f"scores of {kind} must hold numbers; they hold a NaN. The training of these vectors "
            "diverged: train again with a lower learning rate."
        )
    return scores


def hide_known(kind: Kind, asked: Ids, known: Ids) -> tuple[Tensor, Tensor]:
    """Return row and column of the candidates that known facts answer, `(hits,)` each.

    Args:
        kind: what is asked for.
        asked: `(queries, 3)`
        known: `(facts, 3)`

    Returns:
        Number of the query, and id of the candidate.
    """
    column = {"heads": 0, "relations": 1, "tails": 2}[kind]
    given = [i for i in range(3) if i != column]
    both = np.concatenate([asked, known])
    span = 1 + int(both.max(initial=0))
    wanted, keys = (x[:, given[0]] * span + x[:, given[1]] for x in (asked, known))
    order = np.argsort(keys, kind="stable")
    starts = np.searchsorted(keys[order], wanted, side="left")
    counts = np.searchsorted(keys[order], wanted, side="right") - starts
    rows = np.repeat(np.arange(len(asked)), counts)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    answers = known[order[np.repeat(starts, counts) + within], column]
    return torch.from_numpy(rows), torch.from_numpy(answers)


def blocks(num_queries: int, num_candidates: int) -> list[slice]:
    """Divide queries so that `CHUNK_SCORES` scores are held at a time."""
    size = max(1, CHUNK_SCORES // max(1, num_candidates))
    return [slice(start, start + size) for start in range(0, num_queries, size)]


def _candidates(
    encoder: Completer, kind: Kind, asked: Ids, *, known: Ids, true: Ids
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return scores, mass and truth of the best unknown candidates of each query, flat."""
    parts = []
    count = encoder.num_relations if kind == "relations" else encoder.num_entities
    for rows in blocks(len(asked), count):
        scores = score_all(encoder, kind, asked[rows])
        is_true = torch.zeros(scores.shape, dtype=torch.bool)
        is_true[hide_known(kind, asked[rows], true)] = True
        scores[
            tuple(x.to(scores.device) for x in hide_known(kind, asked[rows], known))
        ] = -torch.inf
        best, column = scores.topk(min(SHOWN, count), dim=1)
        mass = scores.logsumexp(1, keepdim=True).expand_as(best)
        use = best.isfinite()
        parts.append((best[use], mass[use], is_true.to(column.device).gather(1, column)[use]))
    flat = [torch.cat(part).numpy(force=True) for part in zip(*parts, strict=True)]
    return flat[0].astype(np.float64), flat[1].astype(np.float64), flat[2]


def _fit(scores: Floats, mass: Floats, truth: NDArray[np.bool_]) -> Weights:
    """Fit the logistic regression by Newton's method; targets are Platt's smoothed ones.

    Where no candidate is left to learn from, every chance is Platt's one half. Where facts score
    lower than the rest, the score is left out: the loss is convex, so with the score's weight
    bounded below by 0 its least lies on that bound.
    """
    if not len(scores):
        return Weights(0.0, 0.0, 0.0)
    features = np.stack([scores, mass, np.ones_like(scores)], axis=1)
    shift, scale = features.mean(axis=0), features.std(axis=0)
    shift[2], scale = 0.0, np.where(scale > 0, scale, 1.0)
    x = (features - shift) / scale
    right = int(truth.sum())
    target = np.where(truth, (right + 1) / (right + 2), 1 / (len(truth) - right + 2))
    weights = _newton(x, target)
    if weights[0] < 0:
        x[:, 0] = 0.0
        weights = _newton(x, target)
    score, by_mass, offset = weights / scale
    return Weights(
        float(score), float(by_mass), float(offset - score * shift[0] - by_mass * shift[1])
    )


def _newton(x: Floats, target: Floats) -> Floats:
    """Return the `(3,)` weights of `(candidates, 3)` features; a column of zeros weighs 0."""
    weights = np.zeros(3)
    ridge = _RIDGE * np.array([1.0, 1.0, 0.0]) * max(1, len(x)) / 100
    for _ in range(50):
        chance = _sigmoid(x @ weights)
        slope = x.T @ (chance - target) + ridge * weights
        bend = (x * (chance * (1 - chance))[:, None]).T @ x + np.diag(ridge + 1e-9)
        step = np.linalg.solve(bend, slope)
        weights -= step * min(1.0, 5.0 / max(1e-12, float(np.abs(step).max())))
        if np.abs(step).max() < 1e-8:
            break
    return weights


def _sigmoid(x: Floats) -> Floats:
    found: Floats = 0.5 * (1.0 + np.tanh(0.5 * x))
    return found
