"""Triples in the input: facts stand as words beside their mentions, and the backbone reads."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.fusion.branches import grown_states
from lichen.fusion.known import Known
from lichen.fusion.operator import Fusion
from lichen.fusion.passage import Passage
from lichen.fusion.shares import Shares

SHUT = -2.0
"""Start of the gate's bias: 0.12 open."""


class InputFusion(Fusion):
    """Let the backbone read each mention a second time, with the facts about it as words.

    A fact's words take soft positions after its mention, see the mention, themselves and the tokens
    that open and close the text, and only the mention, where it is read again, sees them (the
    visibility mask). In a causal model they take soft positions before it, as whole sentences. With
    state x of the first reading and y of the second, a token of the mention becomes
    x + g * (y - x), where g = sigmoid(w . [x, y] + b) is one number per token, nearly 0 at the
    start. All other tokens are as they would be without facts: bit for bit with a frozen backbone,
    whose states are computed once per text and way of reading, and but for rounding with one that
    is trained.

    Use when names and relations say in words what the task needs, with any graph and without
    embeddings of it. Prefer a method that reads vectors where names mean nothing to the language
    model.

    Shapes: states `(batch, tokens, dim)`, facts as words -> `(batch, tokens, dim)`.
    Cost: the whole backbone on the text, its mentions again and the words of `facts` facts a
    mention; 2 * dim + 1 parameters.
    Differs: the paper reads a mention once, with its facts, so that the whole text hears of them
    and nothing can be left unread; its facts see neither end of the text, without which a frozen
    encoder hardly reads them.
    """

    PAPER = "Liu et al., 2020, arXiv:1909.07606 (K-BERT)"
    READING = 2
    READS_FACTS = True
    WRITES_VECTORS = False

    def build(self) -> None:
        """Make the gate."""
        self.gate = nn.Linear(2 * self.dim, 1)
        nn.init.zeros_(self.gate.weight)
        nn.init.constant_(self.gate.bias, SHUT)

    def forward(self, passage: Passage, known: Known) -> Tensor:
        """Return the backbone's output with the facts read in, `(batch, tokens, dim)`."""
        plain, told = _readings(passage)
        once, again = plain[known.linked], told[known.linked]
        out = plain + 0.0 * known.at_mentions.sum()
        out[known.linked] = once + self._openness(once, again).to(once.dtype) * (again - once)
        return out

    def weigh(self, passage: Passage, known: Known) -> Shares:
        """Return the gate as the weight of a mention's facts, in equal parts.

        They are read as one text, so what each of them counts for in it is not known.
        """
        plain, told = _readings(passage)
        at_tokens = plain.new_zeros((*known.mask.shape, 1))
        at_tokens[known.linked] = self._openness(plain[known.linked], told[known.linked])
        count = known.is_fact.sum(-1, keepdim=True).clamp(min=1)
        facts = known.mention_means(at_tokens) * known.is_fact / count
        nothing = 1 - facts.sum(-1)
        return Shares(facts, torch.zeros_like(nothing), facts[..., :0], nothing)

    def _openness(self, once: Tensor, again: Tensor) -> Tensor:
        found: Tensor = torch.sigmoid(self.gate(torch.cat([once, again], -1)))
        return found


def _readings(passage: Passage) -> tuple[Tensor, Tensor]:
    """Return the states without and with facts, `(batch, tokens, dim)` each."""
    batch = passage.batch
    if "told_states" in batch:
        return batch["states"], batch["told_states"]
    whole, again = grown_states(passage.text, batch), batch["again"].unsqueeze(-1)
    told = whole.gather(1, again.expand(-1, -1, whole.shape[-1]))
    return whole[:, : again.shape[1]], told
