"""Interaction: language-model layers and graph layers take turns, joined by one token and node."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.fusion.known import Known
from lichen.fusion.operator import Fusion, entity_writer
from lichen.fusion.passage import Passage
from lichen.fusion.shares import Shares

WIDTH, DROP = 128, 0.5


class InteractionFusion(Fusion):
    """Run a graph network over the text's entities beside the backbone, exchanging layer by layer.

    The graph of a text holds a node for each linked mention, its facts, and an interaction node
    that is joined to all mentions. After each remaining layer of the backbone there is one round
    of messages: a mention attends over its facts, each weighed by how relevant the text finds it,
    and over nothing; the interaction node attends over the mentions; then the state of the text's
    first token and the interaction node are mixed by a shared two-layer network and both go on.
    In a causal model, whose first token has read nothing, it is the last token.
    At the end each mention's node and the interaction node are added to the mention's tokens.

    Use when the answer hangs on several entities and their facts together, as in multiple-choice
    questions. At the output no layer is left to alternate with: two rounds then run with the
    text's final state (as QA-GNN does), and one after the last layer. Prefer `NeighbourFusion`
    where one mention at a time is enough.

    Shapes: states `(batch, tokens, dim)`, facts `(batch, mentions, facts, fact_dim)` ->
    `(batch, tokens, dim)`.
    Cost: for each round one `(fact_dim, width)` product a fact and a few of `(width, width)` a
    mention, besides the remaining layers of the backbone.
    """

    PAPER = (
        "Zhang et al., 2022, arXiv:2201.08860 (GreaseLM); Yasunaga et al., 2021, arXiv:2104.06378"
    )
    READING = 2
    READS_FACTS = True
    ROUNDS_AT_OUTPUT = 2

    def build(self) -> None:
        """Make the start of nodes, one round for each layer above, and the way back."""
        after = self.ROUNDS_AT_OUTPUT if self.at is None else self.num_layers - self.at
        self.enter = nn.Linear(self.entity_dim, WIDTH)
        self.fact = nn.Linear(self.fact_dim, WIDTH)
        self.relevance = nn.Linear(self.dim, WIDTH)
        self.drop = nn.Dropout(DROP)
        self.rounds = nn.ModuleList(_Round(self.dim) for _ in range(max(1, after)))
        self.write = nn.Linear(WIDTH, self.dim)
        nn.init.zeros_(self.write.weight)
        nn.init.zeros_(self.write.bias)
        self.entity = entity_writer(self.dim, self.entity_dim)

    def forward(self, passage: Passage, known: Known) -> Tensor:
        """Return the backbone's output with the knowledge read in, `(batch, tokens, dim)`."""
        return self._take_turns(passage, known)[0]

    def weigh(self, passage: Passage, known: Known) -> Shares:
        """Return each fact's attention times its relevance, averaged over the rounds.

        That is the factor by which the fact's vector enters; what attention gives to nothing, and
        what relevance takes away, is the weight of nothing.
        """
        weights = torch.stack(self._take_turns(passage, known)[1]).mean(0)
        return Shares(weights, None, weights[..., :0], 1 - weights.sum(-1))

    def _take_turns(self, passage: Passage, known: Known) -> tuple[Tensor, list[Tensor]]:
        """Return the output, and of each round how much of each fact a mention read."""
        states, start = passage.before(), passage.at
        if start == self.num_layers:  # only what ends the backbone is left, such as a last norm
            states = passage.after(states)
        rows, speaker = torch.arange(len(states), device=states.device), passage.speaker()
        facts = self.drop(torch.relu(self.fact(known.facts)))
        asked = self.relevance(states[rows, speaker])[:, None, None]
        relevance = torch.sigmoid((facts * asked).sum(-1, keepdim=True) / WIDTH**0.5)
        facts = facts * relevance * known.is_fact.unsqueeze(-1)
        mentions = self.drop(torch.relu(self.enter(known.at_mentions)))
        mentions = mentions * known.is_linked.unsqueeze(-1)
        centre = mentions.sum(1) / known.is_linked.sum(1, keepdim=True).clamp(min=1)
        read: list[Tensor] = []
        for i, step in enumerate(self.rounds):
            if start is not None and start + i < self.num_layers:
                states = passage.between(states, start + i, self._stop(start + i))
            told = states[rows, speaker]
            told, centre, mentions, weights = step(told, centre, mentions, facts, known)
            read.append(weights * relevance.squeeze(-1))
            states = states.index_put((rows, speaker), told)
        told = self.write(self.drop(mentions + centre.unsqueeze(1))) + self.entity(
            known.at_mentions
        )
        return states + known.on_tokens(told * known.is_linked.unsqueeze(-1)), read

    def _stop(self, layer: int) -> int | None:
        """Return where the pass of one layer stops; the last one runs to the output."""
        return None if layer + 1 == self.num_layers else layer + 1


class _Round(nn.Module):
    """Messages from facts to mentions to the interaction node, and the exchange with the text."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.nothing = nn.Parameter(torch.tensor(0.0))
        self.update = nn.Linear(2 * WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.gather = nn.Linear(WIDTH, 1)
        self.mix = nn.Sequential(nn.Linear(dim + WIDTH, WIDTH), nn.GELU(), nn.Dropout(DROP))
        self.to_text, self.to_node = nn.Linear(WIDTH, dim), nn.Linear(WIDTH, WIDTH)
        nn.init.zeros_(self.to_text.weight)
        nn.init.zeros_(self.to_text.bias)

    def forward(
        self, speaker: Tensor, centre: Tensor, mentions: Tensor, facts: Tensor, known: Known
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the text's speaking state, the node and the mentions, renewed; fact weights."""
        asked = (self.query(mentions) + centre.unsqueeze(1)).unsqueeze(2)
        scores = (asked * facts).sum(-1) / WIDTH**0.5
        scores = scores.masked_fill(~known.is_fact, float("-inf"))
        empty = self.nothing.expand(*scores.shape[:2], 1)
        weights = torch.softmax(torch.cat([scores, empty], -1), -1)[..., :-1]
        told = (weights.unsqueeze(-1) * facts).sum(2)
        heard = torch.relu(self.update(torch.cat([told, centre.unsqueeze(1).expand_as(told)], -1)))
        mentions = self.norm(mentions + heard) * known.is_linked.unsqueeze(-1)
        pull = self.gather(mentions).squeeze(-1).masked_fill(~known.is_linked, float("-inf"))
        pull = torch.softmax(torch.cat([pull, torch.zeros_like(pull[:, :1])], -1), -1)[:, :-1]
        centre = centre + (pull.unsqueeze(-1) * mentions).sum(1)
        mixed = self.mix(torch.cat([speaker, centre], -1))
        has_any = known.is_linked.any(1, keepdim=True)
        speaker = speaker + self.to_text(mixed) * has_any
        return speaker, centre + self.to_node(mixed), mentions, weights
