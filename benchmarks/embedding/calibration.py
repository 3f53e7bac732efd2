"""Probabilities of predictions on CoDEx-S, before and after `calibrate`: are they true?

Asked of two sets: the best 100 candidates of each test query, tails and heads, as `complete` shows
them, where the test facts are true and all else is false; and the test facts with their hard
negatives, as tails. Before: the sigmoid of the score, and the softmax over the candidates that are
not known. After: `calibrate` on the validation facts. It takes few candidates for true, so hard
negatives, of which there are as many as facts, come beside it with a logistic regression on the
same features of the validation facts and their hard negatives. All is compared with the share of
facts, said of every candidate.

Brier, 1950, Monthly Weather Review 78 (mean squared error of probabilities); Guo et al., 2017,
arXiv:1706.04599 (expected calibration error, 15 bands); Tabacof and Costabello, 2020,
arXiv:1912.10000 (both of embedding scores, before and after).

Vectors that published.py has just trained are used again; the others are trained first.

Run: python benchmarks/embedding/calibration.py [--seeds 0 1 2]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from runs import data_folder, figure_row, kept_model, seeds_from_command_line, write_rows
from settings import SETTINGS

from lichen.data.graph import Graph, Ids
from lichen.data.read.codex import read_negatives
from lichen.embedding.calibrate import (
    SHOWN,
    Calibrator,
    Completer,
    Kind,
    calibrate,
    hide_known,
    score_all,
)
from lichen.embedding.encoder import GraphEncoder
from lichen.evaluation.calibration import calibration_error

DATA = "kgc_codex_s"
SETTING = next(s for s in SETTINGS if (s.data, s.scorer) == (DATA, "complex"))
KINDS: tuple[Kind, ...] = ("tails", "heads")
SETS = ("best candidates", "hard negatives")
CONSTANT = "the share of facts"
"""Said of every candidate; its calibration error is 0 by nature."""
PUBLISHED = "no published figure on these data known"

Floats = NDArray[np.float64]
Figures = dict[tuple[str, str], float]
"""The set asked of and the metric, to the value."""


class Cases(NamedTuple):
    """Predictions to judge, flat: their scores, their queries' mass, and whether they are true."""

    scores: Floats
    mass: Floats
    truth: NDArray[np.bool_]


def unknown_scores(encoder: Completer, kind: Kind, facts: Ids, known: Ids) -> torch.Tensor:
    """Score all answers to some queries, those that known facts give left out."""
    scores = score_all(encoder, kind, facts).double()
    scores[hide_known(kind, facts, known)] = -torch.inf
    return scores


def best_candidates(encoder: Completer, kind: Kind, facts: Ids, known: Ids) -> Cases:
    """Return the best unknown candidates of each query; what `facts` say is true."""
    scores = unknown_scores(encoder, kind, facts, known)
    truth = torch.zeros(scores.shape, dtype=torch.bool)
    truth[hide_known(kind, facts, facts)] = True
    best, column = scores.topk(SHOWN, dim=1)
    mass = scores.logsumexp(1, keepdim=True).expand_as(best)
    use = best.isfinite()
    return Cases(*(x[use].numpy() for x in (best, mass, truth.gather(1, column))))


def labelled(encoder: Completer, facts: Ids, false: Ids, known: Ids) -> Cases:
    """Return facts and false ones as tails of their queries."""
    asked = np.concatenate([facts, false])
    scores = unknown_scores(encoder, "tails", asked, known)
    own = scores.gather(1, torch.from_numpy(asked[:, 2:].copy()))[:, 0]
    return Cases(own.numpy(), scores.logsumexp(1).numpy(), np.arange(len(asked)) < len(facts))


def regression(cases: Cases) -> Callable[[Cases], Floats]:
    """Fit a logistic regression of truth on score and mass; return what gives probabilities."""
    features = np.stack([cases.scores, cases.mass], axis=1)
    shift, scale = features.mean(axis=0), features.std(axis=0)
    x, truth = torch.from_numpy((features - shift) / scale), torch.from_numpy(cases.truth).double()
    weights = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        logits = x @ weights[:2] + weights[2]
        found = torch.nn.functional.binary_cross_entropy_with_logits(logits, truth)
        found.backward()  # type: ignore[no-untyped-call]
        return found

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    *slopes, offset = weights.detach().numpy()

    def probability(other: Cases) -> Floats:
        both = (np.stack([other.scores, other.mass], axis=1) - shift) / scale
        return sigmoid(both @ np.array(slopes) + offset)

    return probability


def sigmoid(logits: Floats) -> Floats:
    """Return the probabilities of logits."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))


def judged(probability: Floats, truth: NDArray[np.bool_]) -> dict[str, float]:
    """Return the Brier score and the expected calibration error of some probabilities."""
    pairs = np.stack([1.0 - probability, probability], axis=1)
    return {
        "Brier score": float(np.square(probability - truth).mean()),
        "calibration error": calibration_error(pairs, truth.astype(np.int64)),
    }


def ways(cases: dict[Kind, Cases], calibrator: Calibrator) -> dict[str, Floats]:
    """Return the probabilities of some predictions before and after calibration."""
    parts = {
        "sigmoid of the score": [sigmoid(x.scores) for x in cases.values()],
        "softmax": [np.exp(x.scores - x.mass) for x in cases.values()],
        "after calibrate": [
            calibrator.probability(kind, x.scores, x.mass) for kind, x in cases.items()
        ],
        CONSTANT: [np.full(len(x.truth), x.truth.mean()) for x in cases.values()],
    }
    return {name: np.concatenate(part) for name, part in parts.items()}


def figures_of(encoder: GraphEncoder, graph: Graph, false: dict[str, Ids], seed: int) -> Figures:
    """Return the figures of one seed's vectors."""
    calibrator = calibrate(encoder, graph, "valid", seed=seed)
    train, valid, test = (graph.split(name) for name in ("train", "valid", "test"))
    known = np.concatenate([train, valid])
    shown = {kind: best_candidates(encoder, kind, test, known) for kind in KINDS}
    hard: dict[Kind, Cases] = {"tails": labelled(encoder, test, false["test"], known)}
    fitted = regression(labelled(encoder, valid, false["valid"], train))
    told = {SETS[0]: ways(shown, calibrator), SETS[1]: ways(hard, calibrator)}
    told[SETS[1]]["after a regression on labelled ones"] = fitted(hard["tails"])
    truth = {
        name: np.concatenate([x.truth for x in cases.values()])
        for name, cases in zip(SETS, (shown, hard), strict=True)
    }
    return {
        (name, f"{metric}, {way}"): value
        for name, found in told.items()
        for way, probability in found.items()
        for metric, value in judged(probability, truth[name]).items()
        if (way, metric) != (CONSTANT, "calibration error")
    }


def main() -> None:
    """Judge the vectors of each seed, and write the rows."""
    seeds = seeds_from_command_line(__doc__)
    folder = data_folder(DATA)
    graph = Graph.load(folder)
    false = {name: read_negatives(folder, graph, split=name) for name in ("valid", "test")}
    runs = []
    for seed in seeds:
        encoder = kept_model(SETTING, graph, seed)
        assert isinstance(encoder, GraphEncoder)
        runs.append(figures_of(encoder, graph, false, seed))
    rows = [
        figure_row(
            f"{SETTING.name}, {name}",
            metric,
            [run[name, metric] for run in runs],
            seeds=seeds,
            published=PUBLISHED,
        )
        for name, metric in runs[0]
    ]
    write_rows(f"calibration-{DATA}", rows)


if __name__ == "__main__":
    main()
