"""Entity tokens: entities stand in the sequence as tokens of their own, and the backbone reads."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lichen.fusion.known import Known
from lichen.fusion.operator import Fusion, entity_writer
from lichen.fusion.passage import Passage


class EntityTokenFusion(Fusion):
    """Put each linked entity into the sequence as one more token, for the layers above to read.

    The token of a mention starts as m + V e, with m the mean state of the mention's tokens (so
    it carries their position) and V e the entity in the state's width. The backbone's remaining
    layers attend over text and entities alike, as over a soft prompt. What the entity's token has
    become is added to the mention's tokens at the output; the sequence keeps its length.

    It stands behind its mention's last token, so that layers that go by distance or look at what
    is near find it there. A causal model, in which later words alone would see it, has it behind
    the token that opens the text, so that every word sees it, as it sees a soft prompt.

    Use at the input or one to three layers before the last, when other words of the text should
    change by what an entity is: all tokens see it. Costs a pass through the layers above at each
    step, where methods at the output cost none.

    Shapes: states `(batch, tokens, dim)`, entities `(batch, mentions, entity_dim)` ->
    `(batch, tokens, dim)`.
    Cost: the remaining layers on `mentions` more tokens, dim * (entity_dim + 1) parameters.
    """

    PAPER = "Yamada et al., 2020, arXiv:2010.01057 (LUKE's entity tokens; the backbone stays)"
    NEEDS_INSIDE = True
    ROOM = 1

    def build(self) -> None:
        """Make V and the mark of an entity token."""
        self.write = entity_writer(self.dim, self.entity_dim)
        self.mark = nn.Parameter(torch.zeros(self.dim))

    def forward(self, passage: Passage, known: Known) -> Tensor:
        """Return the backbone's output with entities read in, `(batch, tokens, dim)`."""
        states = passage.before()
        owners = known.owners
        is_there = known.is_linked & owners.any(1)
        if not is_there.any():
            return passage.after(states) + 0.0 * known.at_mentions.sum()
        count = known.mask.sum(1, keepdim=True).clamp(min=1)
        size = (states.norm(dim=-1) * known.mask).sum(1, keepdim=True) / count / self.dim**0.5
        written = size.unsqueeze(-1) * self.write(known.at_mentions)
        own = known.mention_means(states) + written + self.mark
        own = own * is_there.unsqueeze(-1)
        numbers = torch.arange(states.shape[1], device=states.device).unsqueeze(1)
        behind = (owners * numbers).amax(1).masked_fill(~is_there, -1)
        out = passage.after(torch.cat([states, own], 1), behind=behind)
        tokens, entities = out[:, : states.shape[1]], out[:, states.shape[1] :]
        return tokens + known.on_tokens(entities * is_there.unsqueeze(-1))
