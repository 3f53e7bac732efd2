"""Lessons that a graph holds -> a `SenseRanker` that has learned from them."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from lichen.base.errors import DataError
from lichen.linking.lessons import Lesson
from lichen.linking.rank import fit
from lichen.linking.senses import SenseConfig, SenseRanker, Table
from lichen.lm.text_encoder import half_where_fast


class SenseReport(NamedTuple):
    """What came of learning."""

    num_lessons: int
    """Learned from."""
    num_held_out: int
    """Lessons of other names, on which the prior was weighed."""
    accuracy: float | None
    """On those, prior included; None without any."""
    seconds: float


class _Drill(NamedTuple):
    """Lessons as arrays."""

    states: Tensor
    """`(lessons, (layers + 1) * dim)`."""
    rows: Tensor
    """`(lessons, candidates)`: rows of the table, the right one first."""
    mask: Tensor
    """`(lessons, candidates)`; True where there is a candidate."""


def train_senses(ranker: SenseRanker, lessons: Sequence[Lesson], *, seed: int = 0) -> SenseReport:
    """Teach a ranker to tell the entities of a name apart.

    The lessons of some names are held out; on them the weights of the context and of the
    candidates' order are found. Only mentions of neighbours are used for that where there are
    any: how often an entity is quoted says nothing about how often it is meant.

    Args:
        ranker: learns.
        lessons: of `lichen.linking.lessons.lessons`.
        seed: of the order, the held-out names and the dropout.

    Returns:
        What was learned from.

    Raises:
        DataError: there is no lesson.
    """
    if not lessons:
        raise DataError(
            "lessons must hold at least one mention, got none. The graph must have descriptions "
            "that quote usage examples or name neighbours that share a name with others."
        )
    started = time.perf_counter()
    config, rng = ranker.config, random.Random(seed)
    torch.manual_seed(seed)
    lessons = _varied(lessons, config.max_each)
    names = sorted({lesson.candidates for lesson in lessons})
    held = set(rng.sample(names, round(config.held_out * len(names))))
    learned = [lesson for lesson in lessons if lesson.candidates not in held] or list(lessons)
    rest = [lesson for lesson in lessons if lesson.candidates in held]
    table = ranker.table(e for lesson in learned for e in lesson.candidates)
    _learn(ranker, table, _drill(ranker, table, learned, rng), rng)
    accuracy = _weigh(ranker, rest)
    return SenseReport(len(learned), len(rest), accuracy, time.perf_counter() - started)


def _varied(lessons: Sequence[Lesson], most: int) -> list[Lesson]:
    """Return at most so many lessons of one name and entity, the same whatever the seed."""
    counts: Counter[tuple[tuple[int, ...], int]] = Counter()
    kept = []
    for lesson in random.Random(0).sample(lessons, len(lessons)):
        counts[lesson.candidates, lesson.entity] += 1
        if counts[lesson.candidates, lesson.entity] <= most:
            kept.append(lesson)
    return kept


def _drill(
    ranker: SenseRanker, table: Table, lessons: Sequence[Lesson], rng: random.Random
) -> _Drill:
    most = ranker.config.max_wrong
    chosen = []
    for lesson in lessons:
        wrong = [e for e in lesson.candidates if e != lesson.entity]
        chosen.append([lesson.entity, *rng.sample(wrong, min(most, len(wrong)))])
    rows = torch.zeros(len(lessons), max(map(len, chosen)), dtype=torch.long)
    mask = torch.zeros_like(rows, dtype=torch.bool)
    for i, entities in enumerate(chosen):
        rows[i, : len(entities)] = torch.tensor([table.row[e] for e in entities])
        mask[i, : len(entities)] = True
    return _Drill(ranker.read(lessons), rows, mask)


def _learn(ranker: SenseRanker, table: Table, drill: _Drill, rng: random.Random) -> None:
    config = ranker.config
    optimiser = _optimiser(ranker, config)
    num, size = len(drill.rows), config.batch_size
    num_steps = max(1, config.epochs * -(-num // size))
    decline = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / num_steps)
    ranker.train()
    for _ in range(config.epochs):
        order = list(range(num))
        rng.shuffle(order)
        for first in range(0, num, size):
            batch = torch.tensor(order[first : first + size])
            unique, place = torch.unique(drill.rows[batch], return_inverse=True)
            with half_where_fast(batch.device):
                keys = ranker.keys(table, unique).float()[place]
                queries = ranker.queries(drill.states[batch]).float()
            scores = (keys @ queries.unsqueeze(-1)).squeeze(-1) * ranker.log_scale.exp()
            scores = scores.masked_fill(~drill.mask[batch], -torch.inf)
            loss = cross_entropy(scores, torch.zeros(len(batch), dtype=torch.long))
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            decline.step()
    ranker.eval()


def _optimiser(ranker: SenseRanker, config: SenseConfig) -> torch.optim.Optimizer:
    matrices = [ranker.query.weight, ranker.key.weight]
    numbers = [ranker.shares, ranker.log_scale]
    return torch.optim.AdamW(
        [
            {"params": matrices, "lr": config.learning_rate, "weight_decay": config.decay},
            {"params": numbers, "lr": 30 * config.learning_rate, "weight_decay": 0.0},
        ]
    )


def _weigh(ranker: SenseRanker, lessons: Sequence[Lesson]) -> float | None:
    """Find the weights of context and order on lessons not learned from."""
    told = [x for x in lessons if x.source != x.entity] or list(lessons)
    if not told:
        return None
    clues = [
        np.stack([scores, -np.log1p(np.arange(len(scores)))], axis=1)
        for scores in ranker.scores(told)
    ]
    truths = [lesson.candidates.index(lesson.entity) for lesson in told]
    weights = fit(clues, list(truths))
    ranker.context_weight, ranker.prior_weight = (float(x) for x in weights.values)
    chosen = [int((matrix @ weights.values).argmax()) for matrix in clues]
    return float(np.mean([a == b for a, b in zip(chosen, truths, strict=True)]))
