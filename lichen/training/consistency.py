"""Consistency: a text must be judged alike when words or links of it are hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from lichen.base import check
from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus
from lichen.fusion.batch import Batch, to_device
from lichen.fusion.known import NONE
from lichen.fusion.model import FusedModel
from lichen.fusion.parts import require_links
from lichen.fusion.tasks.task import Task
from lichen.training.divergence import divergence
from lichen.training.hashes import corpus_hash
from lichen.training.part import Order, Part

PAPER = "Xie et al., 2019, arXiv:1904.12848 (UDA, with hidden words in place of translation)"


@dataclass(frozen=True, kw_only=True)
class ConsistencySettings:
    """How a model agrees with itself, whatever the texts.

    Raises:
        ConfigError: a value is out of its bounds; the message starts with its key.
    """

    weight: float = 1.0
    """Beside the task's loss."""
    hide: float = 0.3
    """Share of the tokens outside mentions, and of the links, that are hidden, 0 to 1."""
    threshold: float = 0.8
    """Least probability of the likeliest option of a question that counts, 0 to 1."""
    temperature: float = 0.4
    """Below 1 sharpens the answer to the whole text."""
    batch_size: int = 32
    """Texts a step; of a task that groups them, questions."""

    def __post_init__(self) -> None:
        """Refuse values that could only fail later, deep inside a run."""
        check.between("consistency.weight", self.weight, 1e-3, 1000.0)
        check.between("consistency.hide", self.hide, 0.0, 1.0)
        check.between("consistency.threshold", self.threshold, 0.0, 1.0)
        check.between("consistency.temperature", self.temperature, 1e-3, 1000.0)
        check.whole("consistency.batch_size", self.batch_size, 1, 1_000_000)

    def settings(self) -> dict[str, Any]:
        """Return these settings alone, by name."""
        return {x.name: getattr(self, x.name) for x in fields(ConsistencySettings)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Consistency(ConsistencySettings):
    """Texts, mostly without labels, about which a model learns to agree with itself.

    Each step adds weight * KL(p || q) over a batch of them to the task's loss: p is the model's
    answer to the whole text, sharpened and not moved by the loss, q its answer with a share of the
    words and of the entity links hidden, for which no text is read anew. Questions of which p is
    unsure do not count.

    Use when the answer shows in more than one place of a text; not when one word decides it. Where
    tokens are asked over a frozen language model, hidden words change nothing, but hidden links do.

    Cost: a step takes two passes more over `batch_size` texts.

    Raises:
        ConfigError: a value is out of its bounds; the message starts with its key.
        DataError: there is no text.

    References:
        Xie et al., 2019, arXiv:1904.12848.
    """

    texts: Corpus
    """Linked documents; their labels or spans, if any, are not read."""
    task: str | None = None
    """Which of several tasks is asked of them; None where there is one."""

    def __post_init__(self) -> None:
        """Refuse values that could only fail later, deep inside a run."""
        super().__post_init__()
        if not len(self.texts):
            raise DataError("consistency: there must be one text at least; got none.")

    def spec(self) -> dict[str, Any]:
        """Return what makes it this one: equal for runs that may go on."""
        return {"texts": corpus_hash(self.texts), **self.settings()}

    def save(self, folder: Path) -> None:
        """Write the texts into a folder of their own."""
        folder.mkdir(parents=True, exist_ok=True)
        self.texts.save(folder / "texts.jsonl")

    @classmethod
    def load(cls, folder: Path, said: Mapping[str, Any], *, task: str | None) -> Consistency:
        """Read what `save` wrote.

        Args:
            folder: where it is.
            said: what `spec` gave.
            task: which of several tasks is asked.
        """
        settings = {x.name: said[x.name] for x in fields(ConsistencySettings)}
        return cls(texts=Corpus.load(folder / "texts.jsonl"), task=task, **settings)


class ConsistencyLoss(nn.Module):
    """How far a model's answers to texts are from those with words and links hidden.

    Args:
        asked: the texts and settings.
        model: which is asked; it is trained by others, so none of its weights are this one's.
        seed: of the order of texts, and of what is hidden.
        part: of each batch that this process takes.

    Raises:
        ConfigError: nothing that is hidden could change an answer.
        DataError: none of the texts has a link that the model's fusion could read.
    """

    def __init__(self, asked: Consistency, model: FusedModel, *, seed: int, part: Part) -> None:
        super().__init__()
        config = model.config
        if "token" in model.task.HEADS and config.fusion == "none" and not config.trains_text:
            raise ConfigError(
                f"consistency: the model of task {config.task!r} must be trained below its head, "
                "or read links, for what is hidden to change its answers; it is frozen and reads "
                "none. Build the FusedModel with lora=8 or a fusion, or leave consistency out."
            )
        require_links("consistency", asked.texts, fusion=config.fusion)
        self.asked, self.seed, self.part = asked, seed, part
        self.models = [model]  # in a list, so that it is no part of this one
        self.batcher = model.batcher()
        bare = Corpus(tuple(replace(doc, label=None, spans=None) for doc in asked.texts))
        items = self.batcher.items(model.task.samples(bare))
        self.bundles = model.task.bundles(items)
        self.order = Order(len(self.bundles), seed=seed)
        self.seen: list[Tensor] = []

    def forward(self, turn: int) -> Tensor:
        """Return the loss of the texts of a turn, from 0: the same whenever asked."""
        model, asked = self.models[0], self.asked
        own = self.part.turn(turn)
        rows = self.order.batch(own, size=self.part.size(asked.batch_size))
        drawn = [item for row in rows for item in self.bundles[row]]
        batch: Batch = to_device(self.batcher.collate(drawn), model.text.device)
        draw = torch.Generator().manual_seed(self.seed * 1_000_003 + own)
        seen = model(**perturbed(batch, share=asked.hide, draw=draw)).logits
        apart = agreement(
            model.task,
            batch,
            seen=seen,
            whole=_logits(model, batch),
            threshold=asked.threshold,
            temperature=asked.temperature,
        )
        self.seen.append(apart.detach())
        return asked.weight * apart

    def figures(self) -> dict[str, float]:
        """Return the mean loss since the last call, without its weight."""
        seen, self.seen = self.seen, []
        return {"loss_consistency": float(torch.stack(seen).mean())} if seen else {}


@torch.no_grad()
def _logits(model: FusedModel, batch: Batch) -> Tensor:
    """Return the answers to whole texts, with nothing dropped."""
    was_training = model.training
    model.eval()
    found: Tensor = model(**batch).logits
    model.train(was_training)
    return found


def perturbed(batch: Batch, *, share: float, draw: torch.Generator) -> Batch:
    """Return a batch with a share of its words and of its links hidden.

    Args:
        batch: of any task; left as it is.
        share: of the tokens outside mentions, those that open and close a text never, and of the
            linked mentions, 0 to 1.
        draw: where the choice comes from.
    """
    mask, entities = batch["attention_mask"], batch["entities"]
    hidden = torch.rand(mask.shape, generator=draw).to(mask.device) < share
    hidden &= (batch["mention_of"] < 0) & mask.bool()
    last = mask.sum(1, keepdim=True) - 1
    hidden = hidden.scatter(1, last, value=False)
    hidden[:, 0] = False
    cut = torch.rand(entities.shape, generator=draw).to(entities.device) < share
    out = batch.copy()
    out["attention_mask"] = mask.masked_fill(hidden, 0)
    out["entities"] = entities.masked_fill(cut, NONE)
    if "visible" in batch:  # facts as words: who sees whom is told pair by pair
        unseen = torch.zeros_like(batch["visible"][:, 0])
        unseen[:, : mask.shape[1]] = hidden
        pairs = batch["visible"] & ~unseen.unsqueeze(1)
        out["visible"] = pairs | torch.diag_embed(unseen)  # a row that sees nothing is NaN
    return out


def agreement(
    task: Task,
    batch: Batch,
    *,
    seen: Tensor,
    whole: Tensor,
    threshold: float,
    temperature: float,
) -> Tensor:
    """Return the mean divergence between sharpened answers and those to hidden texts.

    Args:
        task: what is asked.
        batch: the whole texts.
        seen: logits of the texts with parts hidden.
        whole: logits of the whole texts.
        threshold: questions whose likeliest option is less likely count as 0.
        temperature: below 1 sharpens the answers to whole texts.
    """
    parts = cast("dict[str, Tensor]", batch)
    sure = task.answers(whole, parts).logs.exp().amax(-1)
    goal = task.answers(whole / temperature, parts).logs
    told = task.answers(seen, parts).logs
    return (divergence(goal, told) * (sure >= threshold)).sum() / max(1, len(sure))
