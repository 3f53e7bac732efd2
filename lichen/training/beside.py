"""Objectives of pretraining beside a task, in one run: words and facts with the labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lichen.base import check
from lichen.base.errors import ConfigError
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.fusion.model import FusedModel
from lichen.training.hashes import corpus_hash, digest, graph_hash
from lichen.training.objectives.mask import WordHead
from lichen.training.objectives.weighed import make_objectives, require_objectives
from lichen.training.part import WHOLE, Part

CORPUS, GRAPH, HEAD = "beside.jsonl", "beside-graph.jsonl", "beside-head"
FROM_FACTS = ("fact", "relation", "triple", "typing")
"""Objectives that tell what the graph says; the others read text and links."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Beside:
    """What a language model goes on learning while it learns a task.

    Each step adds the weighed losses of a batch of each objective to the task's, over the same
    language model, which must itself be trained (`train_text` or `lora`). Objectives are those of
    `pretrain`: masked words keep the model a language model, facts teach it what no label tells.

    Use where a task has few labels and there is text or a graph of its domain; `pretrain` first
    costs more steps and leaves an encoder for other tasks.

    Cost: a step takes a pass more over `batch_size` texts an objective.

    Raises:
        ChoiceError: no such objective.
        ConfigError: there is none, a weight is not above 0, a head is given that no objective
            uses, or a size is out of its bounds.

    References:
        Wang et al., 2021, arXiv:1911.06136 (masked words and triples in one loss); Rei, 2017,
        arXiv:1704.07156 (a language model's loss beside a task's).
    """

    objectives: Mapping[str, float]
    """Weight by name, a key of `lichen.training.objectives.OBJECTIVES`."""
    corpus: Corpus = field(default_factory=lambda: Corpus(()))
    """Texts, labelled or not, linked where an objective needs it."""
    graph: Graph = field(default_factory=lambda: Graph.from_triples([]))
    """Facts (those of the split "train"), descriptions and types."""
    head: WordHead | None = None
    """For masked words, such as that of a `pretrain` run; it is copied. None starts one."""
    batch_size: int = 32
    """Items of each objective a step."""
    max_tokens: int = 64
    """Tokens of text shown at once; longer documents are cut."""

    def __post_init__(self) -> None:
        """Refuse what could only fail later, deep inside a run."""
        require_objectives(self.objectives, self.head)
        check.whole("beside.batch_size", self.batch_size, 1, 1_000_000)
        check.whole("beside.max_tokens", self.max_tokens, 4, 1_000_000)

    def spec(self) -> dict[str, Any]:
        """Return what makes it this one: equal for runs that may go on."""
        return {
            "objectives": dict(self.objectives),
            "corpus": corpus_hash(self.corpus),
            "graph": graph_hash(self.graph),
            "head": None if self.head is None else digest(*self.head.state_dict().values()),
            "batch_size": self.batch_size,
            "max_tokens": self.max_tokens,
        }

    def twin(self, kind: str, seed: int) -> Beside | None:
        """Return what a twin learns beside its task.

        Args:
            kind: "none" and "count" are told no fact; "shuffled" is told each entity's facts and
                types of another; "fused" is told all.
            seed: of the shuffling.

        Returns:
            None where nothing is left to learn.
        """
        if kind == "shuffled":
            return replace(self, graph=_dealt(self.graph, seed))
        if kind == "fused":
            return self
        left = {name: w for name, w in self.objectives.items() if name not in FROM_FACTS}
        return replace(self, objectives=left) if left else None

    def save(self, folder: Path) -> None:
        """Write texts, graph and head into a run's folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.corpus.save(folder / CORPUS)
        self.graph.save(folder / GRAPH)
        if self.head is not None:
            self.head.save(folder / HEAD)

    @classmethod
    def load(cls, folder: Path, said: Mapping[str, Any], model: FusedModel) -> Beside:
        """Read what `save` wrote.

        Args:
            folder: of the run.
            said: what `spec` gave.
            model: of the run.
        """
        sizes = {key: said[key] for key in ("objectives", "batch_size", "max_tokens")}
        head = WordHead.load(folder / HEAD, model.text) if said["head"] else None
        return cls(
            corpus=Corpus.load(folder / CORPUS),
            graph=Graph.load(folder / GRAPH),
            head=head,
            **sizes,
        )


class BesideLoss(nn.Module):
    """The loss of some objectives over a fused model's language model, batch by batch.

    Args:
        beside: the objectives and what they read.
        model: whose language model learns.
        seed: of the start of what is new, of the order and of masking.
        part: of each batch that this process takes.

    Raises:
        ConfigError: the language model is frozen, or has no mask token where one is needed.
        DataError: an objective has nothing to learn from, or a mention is of another graph.
    """

    def __init__(self, beside: Beside, model: FusedModel, *, seed: int, part: Part = WHOLE) -> None:
        super().__init__()
        require_trained_text(model)
        self.size, self.seed, self.part = beside.batch_size, seed, part
        self.device = model.text.device
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.objectives = make_objectives(
                model.text,
                beside.corpus,
                beside.graph,
                weights=beside.objectives,
                head=beside.head,
                max_tokens=beside.max_tokens,
            )

    def forward(self, turn: int) -> Tensor:
        """Return the weighed loss of the batches of a turn, from 0: the same whenever asked."""
        own, size = self.part.turn(turn), self.part.size(self.size)
        drawn = self.objectives.draw(own, size=size, seed=self.seed)
        moved = {
            name: {key: x.to(self.device) for key, x in batch.items()}
            for name, batch in drawn.items()
        }
        return self.objectives.loss(moved)

    def figures(self) -> dict[str, float]:
        """Return the mean loss of each objective since the last call."""
        return self.objectives.figures()


def require_trained_text(model: FusedModel) -> None:
    """Refuse objectives beside a task whose language model stays as it is.

    Raises:
        ConfigError: it is frozen.
    """
    if not model.config.trains_text:
        raise ConfigError(
            "beside: the language model must be trained with the task; it is frozen. Build the "
            "FusedModel with lora=8 or train_text=True, or leave beside out."
        )


def _dealt(graph: Graph, seed: int) -> Graph:
    """Return the graph with every entity's facts and types given to another entity."""
    order = np.random.default_rng(seed).permutation(graph.num_entities)
    triples = graph.triples.copy()
    triples[:, [0, 2]] = order[triples[:, [0, 2]]]
    types = {int(order[entity]): said for entity, said in graph.types.items()}
    return replace(graph, triples=triples, types=types)
