"""Triples in the input: facts stand as words beside their mentions, and the backbone reads."""

from __future__ import annotations

from torch import Tensor

from lichen.fusion.branches import grown_states
from lichen.fusion.known import Known
from lichen.fusion.operator import Fusion
from lichen.fusion.passage import Passage


class InputFusion(Fusion):
    """Write the facts about each mention into the text, hung from the mention.

    A fact's words take soft positions after its mention, see the mention and themselves, and of
    the text only the mention sees them (the visibility mask). In a causal model they take soft
    positions before it, as whole sentences. Nothing is learned but what the head, and the
    backbone where it is trained, make of it; with a frozen backbone the states are computed once
    per text.

    Use when names and relations say in words what the task needs, with any graph and without
    embeddings of it. Prefer a method that reads vectors where names mean nothing to the language
    model.

    Shapes: states `(batch, tokens, dim)`, facts as words -> `(batch, tokens, dim)`.
    Cost: the whole backbone on the text and the words of `facts` facts a mention; no parameters.
    """

    PAPER = "Liu et al., 2020, arXiv:1909.07606 (K-BERT)"
    READS_FACTS = True

    def build(self) -> None:
        """Make nothing."""

    def forward(self, passage: Passage, known: Known) -> Tensor:
        """Return the backbone's output for the text with its facts, `(batch, tokens, dim)`."""
        kept = passage.batch.get("states")
        nothing = 0.0 * known.at_mentions.sum()
        if kept is not None:
            return kept + nothing
        whole = grown_states(passage.text, passage.batch)
        return whole[:, : known.mask.shape[1]] + nothing
