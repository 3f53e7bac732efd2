"""FewRel in episodes: relations that training never saw, each told by one or five sentences.

Half of the 16 relations are trained on, the others come in episodes of five; then the halves
change places. A query takes the relation whose sentences lie nearest on average, in the head's
hidden layer (prototypes). Fused, without knowledge, and with shuffled facts, on equal episodes.

Published beside it, trained on 64 further relations: BERT-PAIR 85.66 and 89.48 on these 16
(FewRel README); not the same task, since ours learns eight relations.

Run: python benchmarks/fusion/episodes.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from figures import SEEDS, Row, gained, shown, write
from numpy.typing import NDArray
from texts import Task, fewrel, model_of
from torch import Tensor

import lichen as li
from lichen.data.corpus import Corpus, Document
from lichen.fusion.batch import to_device
from lichen.training.config import TrainConfig
from lichen.training.twins import Kind, untrained_twin

WAYS, QUERIES, EPISODES = 5, 10, 500
"""Relations and queries of an episode, and episodes of a half."""
SHOTS = (1, 5)
KINDS: tuple[Kind, ...] = ("fused", "none", "shuffled")
CONFIG = TrainConfig(epochs=10, batch_size=32, learning_rate=1e-3, fusion_learning_rate=1e-3)
FUSION = {"fusion": "neighbours", "facts": 6, "head": "pooled"}
Scores = NDArray[np.float64]
"""`(seeds, episodes)` share of the queries that are right."""


def halves(labels: Sequence[str], seed: int) -> list[tuple[list[str], list[str]]]:
    """Return which relations are trained on and which are asked for, both ways."""
    dealt = [str(x) for x in np.random.default_rng(seed).permutation(sorted(labels))]
    first, second = dealt[: len(dealt) // 2], dealt[len(dealt) // 2 :]
    return [(first, second), (second, first)]


@torch.no_grad()
def hidden(model: li.FusedModel, docs: Sequence[Document]) -> Tensor:
    """Return the head's hidden layer of some documents, `(documents, width)` of length 1."""
    assert model.head is not None
    found: list[Tensor] = []
    seen = model.head.outer.register_forward_hook(lambda _, given, __: found.append(given[0]))
    batcher = model.batcher()
    unlabelled = Corpus(tuple(replace(doc, label=None) for doc in docs))
    items = batcher.items(unlabelled.samples(unlabelled.labels()))
    for start in range(0, len(items), 128):
        model(**to_device(batcher.collate(items[start : start + 128]), model.text.device))
    seen.remove()
    return torch.nn.functional.normalize(torch.cat(found), dim=1)


def play(vectors: Tensor, relation: NDArray[np.int64], *, shots: int, seed: int) -> Scores:
    """Return what share of the queries each episode gets right, `(episodes,)`.

    References:
        Snell et al., 2017, arXiv:1703.05175.
    """
    rng = np.random.default_rng([seed, shots])
    of_relation = [np.flatnonzero(relation == r) for r in range(relation.max() + 1)]
    scores = []
    for _ in range(EPISODES):
        ways = rng.choice(len(of_relation), size=WAYS, replace=False)
        dealt = [rng.choice(of_relation[way], size=shots + QUERIES, replace=False) for way in ways]
        told = torch.stack([vectors[rows[:shots]].mean(0) for rows in dealt])
        asked = torch.stack([vectors[rows[shots:]] for rows in dealt])
        nearest = torch.cdist(asked, told.expand(WAYS, -1, -1)).argmin(-1)
        scores.append(float((nearest == torch.arange(WAYS)[:, None]).float().mean()))
    return np.array(scores)


def measure(task: Task, text: li.TextEncoder) -> dict[tuple[int, Kind], Scores]:
    """Train and play, for every seed and half; return the scores by shots and kind."""
    found: dict[tuple[int, Kind], list[Scores]] = {}
    for seed in SEEDS:
        of_seed: dict[tuple[int, Kind], list[Scores]] = {}
        for seen, unseen in halves(list(task.corpus.labels()), seed):
            train = Corpus(tuple(doc for doc in task.corpus.train if doc.label in seen))
            asked = [doc for doc in task.corpus.test if doc.label in unseen]
            relation = np.array([unseen.index(str(doc.label)) for doc in asked])
            for kind in KINDS:
                half = replace(task, corpus=train)
                whole = model_of(half, text, graph=task.graph, **FUSION)
                model = untrained_twin(whole, kind, seed)
                li.train(model, train, seed=seed, config=CONFIG)
                vectors = hidden(model, asked)
                for shots in SHOTS:
                    scores = play(vectors, relation, shots=shots, seed=seed)
                    of_seed.setdefault((shots, kind), []).append(scores)
                    print(f"seed {seed}: {kind}, {shots} shots {scores.mean():.4f}", flush=True)
        for key, scores in of_seed.items():
            found.setdefault(key, []).append(np.concatenate(scores))
    return {key: np.stack(scores) for key, scores in found.items()}


def rows_of(found: dict[tuple[int, Kind], Scores]) -> list[Row]:
    """Return the accuracies, and the gains over both twins."""
    rows = []
    for shots in SHOTS:
        name = f"FewRel, 5 ways, {shots} shot{'s' * (shots > 1)} ({2 * EPISODES} episodes a seed)"
        fused = found[shots, "fused"]
        rows += [shown(name, f"accuracy, {kind}", found[shots, kind]) for kind in KINDS]
        rows += [gained(name, f"gain over {kind}", fused, found[shots, kind]) for kind in KINDS[1:]]
    return rows


def main() -> None:
    """Measure and write the rows."""
    task = fewrel(num_train=10_000)
    write("fewrel-episodes", rows_of(measure(task, li.TextEncoder.load())))


if __name__ == "__main__":
    main()
