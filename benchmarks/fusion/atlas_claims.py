"""Atlas claims as a contest of fusions, over the graph as it is or as a benchmark changes it."""

from __future__ import annotations

from collections.abc import Callable

from figures import SEEDS

import lichen as li
from lichen.training.twins import Kind


def claims_contest(
    text: li.TextEncoder,
    *,
    num_test: int,
    twins: tuple[Kind, ...],
    change: Callable[[li.Graph], li.Graph] | None = None,
) -> li.Contest:
    """Return some 1,000 claims to learn from, with vectors trained on the graph that is known.

    Args:
        text: the language model, frozen.
        num_test: test sentences, about; fewer where facts are short.
        twins: which each fusion is compared with.
        change: what becomes of the known facts before anything is trained.
    """
    atlas = li.Graph.load("atlas")
    known = li.removed(atlas).graph
    known = known if change is None else change(known)
    nodes = li.GraphEncoder("complex", known, dim=96)
    return li.Contest(
        text=text,
        nodes=li.train(nodes, known, config=li.EmbeddingConfig(epochs=8, n3=0.03)).model,
        graph=known,
        corpora=[li.claims(atlas, num_train=1500, num_valid=50, num_test=num_test)],
        seeds=SEEDS,
        twins=twins,
        config=li.TrainConfig(epochs=5),
    )
