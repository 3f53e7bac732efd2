"""Active learning: from a pool of documents to a learning curve, labels bought a few at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ConfigError, DataError
from lichen.base.seeds import require_seed
from lichen.data.corpus import Corpus, Sample
from lichen.data.graph import Graph
from lichen.lm.text_encoder import TextEncoder
from lichen.training.few.strategies import STRATEGIES, Pool, reach_of
from lichen.training.learner import Chances, Learner, require_linked, shared_labels


@dataclass(frozen=True, kw_only=True, eq=False)
class LearningCurve:
    """What was reached with how many labels."""

    num_labels: tuple[int, ...]
    chances: tuple[Chances, ...]
    """At each number of labels, `(test documents, classes)` probabilities."""
    truth: NDArray[np.int64]
    """`(test documents,)` class ids."""
    chosen: tuple[str, ...]
    """Ids of the labelled documents, in the order in which they were chosen."""

    @property
    def accuracy(self) -> tuple[float, ...]:
        """Return the accuracy on the test documents at each number of labels."""
        return tuple(float((x.argmax(1) == self.truth).mean()) for x in self.chances)

    def __str__(self) -> str:
        """Show the curve on one line."""
        pairs = zip(self.num_labels, self.accuracy, strict=True)
        return ", ".join(f"{num} labels {100 * share:.1f} %" for num, share in pairs)


def active_learning(
    learner: Learner,
    pool: Corpus,
    test: Corpus,
    *,
    strategy: str,
    budgets: Sequence[int],
    text: TextEncoder,
    graph: Graph | None = None,
    seed: int = 0,
) -> LearningCurve:
    """Label documents in steps, each time those that the strategy asks for, and fit afresh.

    The first budget is drawn at random, the same under every strategy, so that curves of one
    seed begin at one point.

    Use when a label costs and texts do not. "random" is hard to beat when all texts are alike.

    Args:
        learner: what to fit.
        pool: documents with labels, which are read only once a document is chosen.
        test: labelled documents to measure on.
        strategy: a key of `STRATEGIES`.
        budgets: ascending numbers of labels; at each a model is fitted and measured.
        text: gives the vectors by which texts are alike.
        graph: whose neighbourhoods "coverage" looks at; None for the others.
        seed: of the draws and of the learner.

    Returns:
        Accuracy at each budget.

    Raises:
        ChoiceError: no such strategy.
        ConfigError: budgets do not ascend or exceed the pool, or "coverage" has no graph.
        DataError: a document has no label or an unknown one, or no mention is linked.
    """
    ask = choose("active.strategy", strategy, STRATEGIES)
    _check(budgets, pool, strategy=strategy, graph=graph, seed=seed)
    labels = shared_labels([learner], pool)
    require_linked([learner], pool)
    goal, samples = test.samples(labels), pool.samples(labels)
    vectors = text.encode([sample.text for sample in samples]).astype(np.float64)
    reach, worth = _coverage(samples, graph)
    chosen = _first(pool, budgets[0], np.random.default_rng([seed, 14]))
    predictor = learner.fit(_at(pool, chosen), seed)
    found = [predictor.predict(goal)]
    for number, budget in enumerate(budgets[1:]):
        labelled = np.isin(np.arange(len(pool)), chosen)
        chances = predictor.predict(samples)
        seen = Pool(chances=chances, vectors=vectors, reach=reach, worth=worth, labelled=labelled)
        asked = ask(seen, budget - len(chosen), np.random.default_rng([seed, 15, number]))
        chosen = [*chosen, *asked.tolist()]
        predictor = learner.fit(_at(pool, chosen), seed)
        found.append(predictor.predict(goal))
    return LearningCurve(
        num_labels=tuple(budgets),
        chances=tuple(found),
        truth=_truth(goal),
        chosen=tuple(pool[i].id for i in chosen),
    )


def _at(pool: Corpus, rows: Sequence[int]) -> Corpus:
    return Corpus(tuple(pool[i] for i in rows))


def _check(
    budgets: Sequence[int], pool: Corpus, *, strategy: str, graph: Graph | None, seed: int
) -> None:
    require_seed("active.seed", seed)
    check.kind("active.budgets", budgets, Sequence, fix="Give such as [10, 20, 40].")
    is_whole = all(isinstance(budget, int) for budget in budgets)
    if not budgets or not is_whole or list(budgets) != sorted(set(budgets)) or budgets[0] < 2:
        raise ConfigError(
            "active.budgets must be whole numbers that ascend, from 2 up; got "
            f"{tuple(budgets)}. Give such as [10, 20, 40]."
        )
    if budgets[-1] > len(pool):
        raise ConfigError(
            f"active.budgets must not exceed the pool's {len(pool)} documents; got {budgets[-1]}."
        )
    if strategy == "coverage" and graph is None:
        raise ConfigError("active.graph must be a Graph for the strategy 'coverage'; got None.")


def _truth(samples: Sequence[Sample]) -> NDArray[np.int64]:
    truth = np.array([-1 if sample.label is None else sample.label for sample in samples])
    if not len(truth) or truth.min() < 0:
        raise DataError("active.test: documents must all have a label. Label them, or leave out.")
    return truth


def _first(pool: Corpus, num: int, rng: np.random.Generator) -> list[int]:
    """Draw the first documents; the last of them is exchanged when all are of one class."""
    order: list[int] = rng.permutation(len(pool)).tolist()
    chosen = order[:num]
    seen = {pool[i].label for i in chosen}
    if len(seen) == 1:
        chosen[-1] = next(i for i in order if pool[i].label not in seen)
    return chosen


def _coverage(
    samples: Sequence[Sample], graph: Graph | None
) -> tuple[tuple[NDArray[np.int64], ...], NDArray[np.float64]]:
    """Return what each document reaches, and what an entity is worth: log(1 + its facts)."""
    if graph is None:
        return tuple(np.empty(0, dtype=np.int64) for _ in samples), np.zeros(0)
    linked = [[m.entity for m in s.mentions if m.entity is not None] for s in samples]

    def neighbours(entity: int) -> NDArray[np.int64]:
        found = graph.triples[graph.neighbours(entity)]
        return np.unique(found[:, [0, 2]])

    return reach_of(linked, neighbours), np.log1p(graph.degree().astype(np.float64))
