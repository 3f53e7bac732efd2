"""What a fused model made of the facts it was shown: read, or left aside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from lichen.base import check
from lichen.base.errors import ConfigError
from lichen.data.corpus import Document, Sample
from lichen.fusion.batch import Batch, to_device
from lichen.fusion.item import Item, unlabelled
from lichen.fusion.known import NONE
from lichen.fusion.model import FusedModel
from lichen.fusion.operator import weighing
from lichen.fusion.selection import FactSelector
from lichen.fusion.shares import Shares
from lichen.training.run import Run


@dataclass(frozen=True)
class MentionUse:
    """What was read for one mention; the weights sum to 1."""

    mention: str
    """The words in the text."""
    facts: tuple[tuple[str, float], ...]
    """Each fact shown about its entity, in words, with its weight; the most read first."""
    others: tuple[tuple[str, float], ...]
    """Each further entity linked in the text, by name, with its weight, the most read first;
    empty where a mention reads its own alone."""
    entity: float | None
    """Weight of the entity's own vector; None: the method always reads it whole."""
    nothing: float
    """Weight of reading nothing."""
    num_facts: int
    """Facts of the entity, shown or not; 0 where the method reads no facts."""
    not_shown: int
    """How many of those the model was not shown, beyond the most that it takes."""

    def __str__(self) -> str:
        """Show it on one line."""
        parts = [f"{words} {weight:.2f}" for words, weight in (*self.facts, *self.others)]
        if self.entity is not None:
            parts.append(f"the entity {self.entity:.2f}")
        line = f"{self.mention}: {', '.join([*parts, f'nothing {self.nothing:.2f}'])}"
        if not self.num_facts:
            return line
        return f"{line}; not shown: {self.not_shown} of {self.num_facts} facts of the entity"


@torch.no_grad()
def knowledge_used(
    model: FusedModel | Run[FusedModel],
    samples: Iterable[Sample | Document],
    *,
    batch_size: int = 64,
) -> list[list[MentionUse]]:
    """Say for each linked mention which facts or entities a model read and which it left aside.

    Weights are those by which the method itself mixes what it reads, in evaluation mode; they say
    what entered the state, not what decided the answer (for that, take facts away and ask again).

    - gate, dim_gate: the gate is the weight of the entity, and one minus it that of nothing;
      averaged over the mention's tokens, and over dimensions.
    - neighbours: the softmax over the entity's facts, the entity and nothing, averaged over the
      mention's tokens.
    - attention: the softmax over all entities linked in the text and nothing, averaged over the
      mention's tokens and summed over all tokens at which an entity is linked.
    - interaction: of each fact its softmax weight, which it has beside the other facts and
      nothing, times its relevance to the text, averaged over the rounds; nothing is the rest. The
      entity itself is always read.
    - input: the gate is the weight of all the entity's facts, which are read as one text and so
      have equal parts of it; averaged over the mention's tokens. No vector is read.

    Args:
        model: a trained model whose method weighs, one of those above; or the run that trained it.
        samples: texts with linked mentions, such as a `Corpus`.
        batch_size: samples at a time.

    Returns:
        For each sample those of its linked mentions that the model looks at, in order.

    Raises:
        ConfigError: there is no fused model, or its method does not weigh what it reads.
        DataError: one is neither sample nor document, or its mentions are not in order in it.
    """
    model = model.model if isinstance(model, Run) else model
    check.kind("model", model, FusedModel, fix="Give a FusedModel, or the run that trained it.")
    able = weighing()
    if model.config.fusion not in able:
        raise ConfigError(
            f"model: its fusion must weigh what it reads ({', '.join(able)}); "
            f"{model.config.fusion!r} does not. Compare answers with and without a fact instead."
        )
    assert model.nodes is not None
    name = model.nodes.entities.__getitem__ if model.graph is None else model.graph.name
    batcher = model.batcher()
    asked = unlabelled(samples)
    items = batcher.items(asked)
    was_training = model.training
    model.eval()
    found: list[list[MentionUse]] = []
    for start in range(0, len(items), batch_size):
        rows = slice(start, start + batch_size)
        weighed = _weigh(model, batcher.collate(items[rows]))
        for sample, item, shares in zip(asked[rows], items[rows], weighed, strict=True):
            found.append(_uses(sample, item, shares, selector=batcher.selector, name=name))
    model.train(was_training)
    return found


def _weigh(model: FusedModel, batch: Batch) -> list[Shares]:
    """Return the weights of each text of a batch, without the dimension of the batch."""
    shares = model.fusion.weigh(*model.passage(to_device(batch, model.text.device)))
    assert shares is not None
    facts, own, others, nothing = shares
    return [
        Shares(facts[i].cpu(), None if own is None else own[i].cpu(), others[i].cpu(), nothing[i])
        for i in range(len(facts))
    ]


def _uses(
    sample: Sample,
    item: Item,
    shares: Shares,
    *,
    selector: FactSelector | None,
    name: Callable[[int], str],
) -> list[MentionUse]:
    """Return what was read for each linked mention of one text."""
    seen = set(item.mention_of.tolist())
    linked = {m: e for m, e in enumerate(item.entities) if e != NONE and m in seen}
    uses = []
    for m, entity in linked.items():
        further: dict[int, float] = {}
        if shares.others.shape[-1]:
            for k in linked.keys() - {m}:
                further[linked[k]] = further.get(linked[k], 0.0) + float(shares.others[m, k])
        again = further.pop(entity, 0.0)
        span = sample.mentions[m].span
        words: list[str] = []
        num_facts = not_shown = 0
        if selector is not None:
            words = [selector.wording(entity, fact) for fact in item.facts[m]]
            num_facts, not_shown = selector.count(entity, item.facts[m])
        use = MentionUse(
            sample.text[span.start : span.end],
            _most_first(zip(words, shares.facts[m].tolist(), strict=False)),
            _most_first((name(other), weight) for other, weight in further.items()),
            None if shares.own is None else float(shares.own[m]) + again,
            float(shares.nothing[m]),
            num_facts,
            not_shown,
        )
        uses.append(use)
    return uses


def _most_first(told: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(told, key=lambda pair: -pair[1]))
