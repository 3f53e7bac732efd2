"""A graph's facts to a second loss, so that entity vectors trained on a task still tell facts."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from lichen.base.errors import DataError
from lichen.data.graph import Graph
from lichen.embedding.compare import all_with_all
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.model import FusedModel

PAPER = "Wang et al., 2021, arXiv:1911.06136 (KEPLER's joint loss, here at fine-tuning)"
FACTS, RIVALS = 256, 256
"""Facts of a step, and entities drawn that each answer must beat."""


class FactsLoss:
    """The softmax loss of link prediction on a batch of training facts, both directions.

    Head and relation must find the tail among entities drawn at random, tail and relation the head.
    It is the graph encoder's own softmax loss over a sample, left to autograd, since the vectors
    have the gradient of the task beside it.

    Args:
        graph: the facts; of a graph with splits, its train split.
        seed: of what is drawn; each step draws the same whenever it is taken.

    Raises:
        DataError: there is no fact.
    """

    def __init__(self, graph: Graph, *, seed: int) -> None:
        rows = graph.splits.get("train")
        self.facts = graph.triples if rows is None else graph.triples[rows]
        if not len(self.facts):
            raise DataError("graph must hold at least one fact; it is empty.")
        self.num_entities = graph.num_entities
        self.seed = seed

    def __call__(self, nodes: GraphEncoder, step: int) -> Tensor:
        """Return the loss of the facts of a step."""
        rng = np.random.default_rng((self.seed, step))
        chosen = self.facts[rng.integers(len(self.facts), size=min(FACTS, len(self.facts)))]
        rivals = rng.integers(self.num_entities, size=RIVALS)
        device = nodes.relation_table.device
        return facts_loss(
            nodes,
            torch.from_numpy(np.asarray(chosen, dtype=np.int64)).to(device),
            torch.from_numpy(rivals).to(device),
        )


def facts_beside(model: FusedModel, *, seed: int) -> FactsLoss | None:
    """Return the loss of the graph's facts, or None where the model does not want it.

    Raises:
        DataError: it wants it, and there is no fact.
    """
    if not model.config.triple or model.graph is None:
        return None
    return FactsLoss(model.graph, seed=seed)


def facts_loss(nodes: GraphEncoder, facts: Tensor, rivals: Tensor) -> Tensor:
    """Return the mean cross-entropy of each fact's tail, and head, among rivals.

    Args:
        nodes: gives scorer and vectors.
        facts: `(b, 3)` ids.
        rivals: `(n,)` entities; where one is the answer itself it does not count.
    """
    h, r, t = facts.unbind(1)
    scorer, table = nodes.scorer, nodes.relation_table
    found = nodes.vectors(torch.cat([h, t, rivals]))
    heads, tails, others = found[: len(h)], found[len(h) : 2 * len(h)], found[2 * len(h) :]
    true, drawn = scorer.as_tails(tails), scorer.as_tails(others)
    asked = scorer.tail_queries(heads, table, r)
    loss = _among(nodes, asked, true, drawn, hide=t.unsqueeze(1) == rivals)
    if nodes.reciprocal:
        true, drawn = scorer.as_tails(heads), scorer.as_tails(others)
        asked = scorer.tail_queries(tails, table, r + nodes.num_relations)
    else:
        true, drawn = scorer.as_heads(heads), scorer.as_heads(others)
        asked = scorer.head_queries(table, r, tails)
    return (loss + _among(nodes, asked, true, drawn, hide=h.unsqueeze(1) == rivals)) / 2


def _among(
    nodes: GraphEncoder, asked: Tensor, true: Tensor, drawn: Tensor, *, hide: Tensor
) -> Tensor:
    """Return the mean cross-entropy of the true answers, `(b, width)`, among those drawn."""
    comparison = nodes.scorer.comparison
    first = comparison.pairs(asked, true).unsqueeze(1)
    scores = all_with_all(comparison, asked, drawn).masked_fill(hide, float("-inf"))
    logits = torch.cat([first, scores], 1).float()
    return nn.functional.cross_entropy(logits, hide.new_zeros(len(hide), dtype=torch.long))
