"""Triples in the input: facts stand as words beside their mentions, and the backbone reads."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.fusion.branches import grown_states
from lichen.fusion.known import Known
from lichen.fusion.operator import Fusion
from lichen.fusion.passage import Passage
from lichen.fusion.shares import Shares
from lichen.fusion.told import told

SHUT = -2.0
"""Start of the gate's bias: 0.12 open."""


class InputFusion(Fusion):
    """Let the backbone read each mention a second time, with the facts about it as words.

    At a hidden layer, the one before the last when nothing is said, each fact was read apart from
    any text, once, by the language model as it was given; the mean state of its words stands in the
    sequence. One token of the mention is read again by the layers above, and what that changes is
    changed in all of the mention's tokens. At "input" the facts' own words stand in the sequence,
    and every token of the mention is read again by all layers, which takes up to twice the time.

    In both a fact takes soft positions after its mention, sees the mention, itself and the tokens
    that open and close the text, and only the mention, where it is read again, sees it (the
    visibility mask). In a causal model it takes soft positions before it, as a whole sentence. With
    state x of the first reading and y of the second, a token of the mention becomes
    x + g * (y - x), where g = sigmoid(w . [x, y] + b) is one number per token, nearly 0 at the
    start. All other tokens are as they would be without facts: bit for bit with a frozen backbone,
    for which both readings are computed once per text, and but for rounding with one that
    is trained.

    Use when names and relations say in words what the task needs, with any graph and without
    embeddings of it. Prefer a method that reads vectors where names mean nothing to the language
    model.

    Shapes: states `(batch, tokens, dim)`, facts as words -> `(batch, tokens, dim)`.
    Cost: the layers above on a token a mention and one a fact; at "input" the whole backbone on the
    text, its mentions again and the words of `facts` facts a mention; 2 * dim + 1 parameters.
    Differs: the paper reads a mention once, with its facts, so that the whole text hears of them
    and nothing can be left unread; its facts see neither end of the text, without which a frozen
    encoder hardly reads them; they are always words, and read anew with every text.
    """

    PAPER = "Liu et al., 2020, arXiv:1909.07606 (K-BERT)"
    READING = 3
    READS_FACTS = True
    WRITES_VECTORS = False
    NEEDS_INSIDE = True

    def build(self) -> None:
        """Make the gate."""
        self.gate = nn.Linear(2 * self.dim, 1)
        nn.init.zeros_(self.gate.weight)
        nn.init.constant_(self.gate.bias, SHUT)

    def forward(self, passage: Passage, known: Known) -> Tensor:
        """Return the backbone's output with the facts read in, `(batch, tokens, dim)`."""
        plain, moved = _readings(passage, known)
        once, change = plain[known.linked], moved[known.linked]
        out = plain + 0.0 * known.at_mentions.sum()
        out[known.linked] = once + self._openness(once, change).to(once.dtype) * change
        return out

    def weigh(self, passage: Passage, known: Known) -> Shares:
        """Return the gate as the weight of a mention's facts, in equal parts.

        They are read at once, so what each of them counts for in it is not known.
        """
        plain, moved = _readings(passage, known)
        at_tokens = plain.new_zeros((*known.mask.shape, 1))
        at_tokens[known.linked] = self._openness(plain[known.linked], moved[known.linked])
        count = known.is_fact.sum(-1, keepdim=True).clamp(min=1)
        facts = known.mention_means(at_tokens) * known.is_fact / count
        nothing = 1 - facts.sum(-1)
        return Shares(facts, torch.zeros_like(nothing), facts[..., :0], nothing)

    def _openness(self, once: Tensor, change: Tensor) -> Tensor:
        found: Tensor = torch.sigmoid(self.gate(torch.cat([once, once + change], -1)))
        return found


def _readings(passage: Passage, known: Known) -> tuple[Tensor, Tensor]:
    """Return the states without facts, and what facts change in them, `(batch, tokens, dim)`."""
    batch = passage.batch
    if "told_states" in batch:
        return batch["states"], batch["told_states"] - batch["states"]
    if "moved" in batch:
        return batch["states"], known.on_tokens(batch["moved"])
    if passage.at:
        plain, moved = told(passage.text, passage.before(), batch, at=passage.at)
        return plain, known.on_tokens(moved)
    whole, again = grown_states(passage.text, batch), batch["again"].unsqueeze(-1)
    plain = whole[:, : again.shape[1]]
    return plain, whole.gather(1, again.expand(-1, -1, whole.shape[-1])) - plain
