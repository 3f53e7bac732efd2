"""Several objectives over one language model: batches of each, and one weighed loss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ConfigError
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.lm.text_encoder import TextEncoder
from lichen.training.objectives import OBJECTIVES
from lichen.training.objectives.mask import MaskedWords, WordHead
from lichen.training.objectives.objective import Batch, Objective, make_objective
from lichen.training.objectives.windows import Windows


class WeighedObjectives(nn.ModuleDict):
    """Objectives by name, each with the weight of its loss.

    Args:
        objectives: by name, over one language model.
        weights: of each objective's loss.
    """

    def __init__(self, objectives: Mapping[str, Objective], weights: Mapping[str, float]) -> None:
        super().__init__(objectives)
        self.weights = dict(weights)
        self.seen: dict[str, list[Tensor]] = {}
        """Losses since the last figures."""

    def draw(
        self, turn: int, *, size: int, seed: int, names: Iterable[str] | None = None
    ) -> dict[str, Batch]:
        """Return a batch of each: the same ones whenever they are asked for.

        Args:
            turn: number of the batch, from 0.
            size: items an objective.
            seed: of order and masking.
            names: of the objectives; None is all.
        """
        chosen = self.weights if names is None else names
        return {name: self.objective(name).draw(turn, size=size, seed=seed) for name in chosen}

    def loss(self, batches: Mapping[str, Batch]) -> Tensor:
        """Return the weighed sum of the losses of some batches, by objective."""
        total = torch.zeros(())
        for name, batch in batches.items():
            loss = self.objective(name).loss(batch)
            self.seen.setdefault(name, []).append(loss.detach())
            total = total.to(loss.device) + self.weights[name] * loss
        return total

    def figures(self) -> dict[str, float]:
        """Return the mean loss of each objective since the last call."""
        means = {f"loss_{name}": float(torch.stack(x).mean()) for name, x in self.seen.items()}
        self.seen = {}
        return means

    def objective(self, name: str) -> Objective:
        """Return one of the objectives."""
        found = self[name]
        assert isinstance(found, Objective)
        return found

    @property
    def word_head(self) -> WordHead | None:
        """Return the head for masked words, or None without the objective "mask"."""
        found = dict(self.items()).get("mask")
        return found.head if isinstance(found, MaskedWords) else None


def make_objectives(
    text: TextEncoder,
    corpus: Corpus,
    graph: Graph,
    *,
    weights: Mapping[str, float],
    head: WordHead | None,
    max_tokens: int,
) -> WeighedObjectives:
    """Make objectives over a language model; those that tell words share one head.

    Args:
        text: the language model.
        corpus: documents, linked to the graph where an objective needs it.
        graph: facts, descriptions and types.
        weights: of each objective, by a key of `lichen.training.objectives.OBJECTIVES`.
        head: for masked words, trained before; it is copied. None starts one.
        max_tokens: tokens of text shown at once.

    Raises:
        ChoiceError: no such objective.
        ConfigError: the tokenizer has no mask token.
        DataError: an objective has nothing to learn from, or a mention is of another graph.
    """
    windows = Windows(text, corpus, graph, max_tokens=max_tokens)
    made = {name: make_objective(name, text, windows, graph) for name in weights}
    found = WeighedObjectives(made, weights)
    shared = found.word_head
    if shared is not None:
        if head is not None:
            shared.load_state_dict(head.state_dict())
        for objective in made.values():
            if isinstance(objective, MaskedWords):
                objective.head = shared
    return found


def require_objectives(weights: Mapping[str, float], head: WordHead | None) -> None:
    """Refuse weights that no run could be made of.

    Args:
        weights: by objective.
        head: for masked words, or None.

    Raises:
        ChoiceError: no such objective.
        ConfigError: there is none, a weight is not above 0, or a head that no objective uses.
    """
    if isinstance(weights, Mapping) and not weights:
        raise ConfigError(
            "objectives must name at least one objective; it is empty. Give such as "
            "{'mask': 1.0, 'triple': 1.0}."
        )
    check.weights("objectives", weights, what="an objective")
    for name in weights:
        choose("objective", name, OBJECTIVES)
    if head is not None and "mask" not in weights:
        raise ConfigError(
            f"head must be None without the objective 'mask'; got one with {sorted(weights)}."
        )
