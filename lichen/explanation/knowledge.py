"""What a fused model made of the facts it was shown: read, or left aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from lichen.base.errors import ConfigError
from lichen.data.corpus import Sample
from lichen.fusion.batch import to_device
from lichen.fusion.known import look_up
from lichen.fusion.model import FusedModel
from lichen.fusion.operator import TokenFusion
from lichen.fusion.passage import Passage
from lichen.fusion.selection import FactSelector


@dataclass(frozen=True)
class MentionUse:
    """What was read of one mention's entity; the weights sum to 1."""

    mention: str
    """The words in the text."""
    facts: tuple[tuple[str, float], ...]
    """Each fact shown, in words, with its weight; the most read first."""
    entity: float
    """Weight of the entity's own vector."""
    nothing: float
    """Weight of reading nothing."""

    def __str__(self) -> str:
        """Show it on one line."""
        parts = [f"{words} {weight:.2f}" for words, weight in self.facts]
        parts += [f"the entity {self.entity:.2f}", f"nothing {self.nothing:.2f}"]
        return f"{self.mention}: {', '.join(parts)}"


@torch.no_grad()
def knowledge_used(
    model: FusedModel, samples: Sequence[Sample], *, batch_size: int = 64
) -> list[list[MentionUse]]:
    """Say for each linked mention which facts a model read and which it left aside.

    Weights are those by which the method itself mixes what it reads, averaged over the mention's
    tokens; they say what entered the state, not what decided the answer (for that, take facts
    away and ask again).

    Args:
        model: a trained model whose method weighs: gate, dim_gate or neighbours.
        samples: texts with linked mentions.
        batch_size: samples at a time.

    Returns:
        For each sample its linked mentions in order.

    Raises:
        ConfigError: the model's method does not weigh what it reads.
    """
    fusion = model.fusion
    if not isinstance(fusion, TokenFusion) or type(fusion).weigh is TokenFusion.weigh:
        raise ConfigError(
            f"model: its fusion must weigh what it reads (gate, dim_gate, neighbours); "
            f"{model.config.fusion!r} does not. Compare answers with and without a fact instead."
        )
    batcher = model.batcher()
    items = batcher.items(samples)
    found: list[list[MentionUse]] = []
    for start in range(0, len(items), batch_size):
        batch = to_device(batcher.collate(items[start : start + batch_size]), model.text.device)
        known = look_up(
            model.nodes,
            mention_of=batch["mention_of"],
            mask=batch["attention_mask"].bool(),
            entities=batch["entities"],
            facts=batch.get("facts"),
            scales=(model.scale, model.relation_scale),
        )
        states = Passage(model.text, batch, at=model.config.point).before()
        weights = fusion.weigh(states, known, known.linked)
        assert weights is not None
        row, at = known.linked.nonzero(as_tuple=True)
        mention = known.mention_of[row, at]
        for i, sample in enumerate(samples[start : start + batch_size]):
            uses = []
            for m in range(len(items[start + i].entities)):
                mine = (row == i) & (mention == m)
                if mine.any():
                    mean = weights[mine].mean(0).tolist()
                    uses.append(_use(sample, m, items[start + i].facts, mean, batcher.selector))
            found.append(uses)
    return found


def _use(
    sample: Sample,
    number: int,
    facts: Sequence[Sequence[tuple[int, int]]],
    weights: list[float],
    selector: FactSelector | None,
) -> MentionUse:
    mention = sample.mentions[number]
    shown: list[tuple[str, float]] = []
    if selector is not None and mention.entity is not None:
        about = facts[number]
        told = [selector.wording(mention.entity, fact) for fact in about]
        shown = sorted(zip(told, weights, strict=False), key=lambda pair: -pair[1])
    words = sample.text[mention.span.start : mention.span.end]
    return MentionUse(words, tuple(shown), weights[-2], weights[-1])
