"""The learned relation matcher: frozen token states in, a distribution over query actions out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lichen.base import check
from lichen.reasoning.actions import CONTROLS, MAX_BRANCHES, MAX_POINTERS, MAX_STEPS
from lichen.reasoning.features import NUM_PIECES, Seen

MAX_ACTIONS = 4 + MAX_BRANCHES * (MAX_STEPS + 2)
FAR = -1e4
"""The score of an action that the grammar forbids."""

SPREAD = 5.0
"""Unit vectors are scaled by this before projection, so that keys of labels start visible."""


@dataclass(frozen=True, kw_only=True)
class MatcherConfig:
    """The size of the trained part."""

    text_dim: int = 384
    """Width of the frozen encoder's states."""
    dim: int = 96
    """Width of the trained part."""
    encoder_layers: int = 0
    """Trained layers over the frozen states."""
    decoder_layers: int = 1
    """Layers that write the query, each attending to the question."""
    heads: int = 4
    dropout: float = 0.2
    token_dropout: float = 0.1
    """Share of question tokens hidden in training."""

    def __post_init__(self) -> None:
        """Refuse sizes that cannot work."""
        check.whole("matcher.text_dim", self.text_dim, 1, 65536)
        check.whole("matcher.dim", self.dim, 8, 4096)
        check.between("matcher.dropout", self.dropout, 0.0, 0.9)
        check.between("matcher.token_dropout", self.token_dropout, 0.0, 0.9)


class Batch(NamedTuple):
    """Questions padded to the longest."""

    states: Tensor
    """`(questions, tokens, text_dim)`."""
    mask: Tensor
    """`(questions, tokens)` bool."""
    pointers: Tensor
    """`(questions, tokens)` int, as in `Seen`."""
    pieces: Tensor
    """`(questions, tokens, pieces)` int."""


class Memory(NamedTuple):
    """The encoded questions and the keys of the actions."""

    tokens: Tensor
    """`(questions, tokens, dim)`."""
    mask: Tensor
    """`(questions, tokens)` bool."""
    keys: Tensor
    """`(actions without pointers, dim)`: what an action's score is a product with."""
    points: Tensor
    """`(questions, pointers, dim)`: the same for the pointers, the last actions."""
    states: Tensor
    """`(questions, tokens, text_dim)`: the frozen states as they came."""
    meanings: Tensor
    """`(actions, text_dim)`: unit vectors of the labels, zero for other actions."""

    def repeated(self, count: int) -> Memory:
        """Return the memory of one question as that of `count` equal ones."""
        return Memory(
            self.tokens.expand(count, -1, -1),
            self.mask.expand(count, -1),
            self.keys,
            self.points.expand(count, -1, -1),
            self.states.expand(count, -1, -1),
            self.meanings,
        )


def collate(seen: Sequence[Seen]) -> Batch:
    """Pad questions to the longest."""

    def pad(part: Sequence[Tensor]) -> Tensor:
        return nn.utils.rnn.pad_sequence(list(part), batch_first=True)

    mask = pad([torch.ones(len(one.pointers), dtype=torch.bool) for one in seen])
    return Batch(
        pad([one.states.float() for one in seen]),
        mask,
        pad([one.pointers for one in seen]),
        pad([one.pieces for one in seen]),
    )


class Matcher(nn.Module):
    """Write a query action by action, attending to the question at each step.

    An action's score is the product of the writer's state with the action's key, plus, for a
    label, the cosine of its vector with a mean of frozen token states that the writer chooses.
    The key of a relation is a learned projection of that vector, so that a relation never
    trained can be matched, plus a learned residual for those that were. The cosine has no
    weights of its own to fit to the wording, which is what carries over to wording never seen.

    Args:
        config: the sizes.
        num_known: labels that have a residual; the last row stands for all others and is zero.
    """

    vectors: Tensor
    """`(num_known, text_dim)`: what each trained label is compared with."""

    def __init__(self, config: MatcherConfig, num_known: int) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.enter = nn.Linear(config.text_dim, dim)
        self.norm = nn.LayerNorm(config.text_dim)
        self.pointer = nn.Embedding(MAX_POINTERS + 1, dim, padding_idx=0)
        self.piece = nn.Embedding(NUM_PIECES, dim, padding_idx=0)
        self.encoder = nn.ModuleList(
            nn.TransformerEncoderLayer(
                dim, config.heads, 2 * dim, config.dropout, batch_first=True, norm_first=True
            )
            for _ in range(config.encoder_layers)
        )
        self.decoder = nn.ModuleList(
            nn.TransformerDecoderLayer(
                dim, config.heads, 2 * dim, config.dropout, batch_first=True, norm_first=True
            )
            for _ in range(config.decoder_layers)
        )
        self.start = nn.Parameter(torch.randn(dim) * 0.02)
        self.position = nn.Parameter(torch.randn(MAX_ACTIONS, dim) * 0.02)
        self.control = nn.Parameter(torch.randn(len(CONTROLS), dim) * 0.05)
        self.label = nn.Linear(config.text_dim, dim)
        self.residual = nn.Embedding(num_known + 1, dim, padding_idx=num_known)
        self.point = nn.Linear(dim, dim)
        self.told = nn.Linear(dim, dim)
        self.leave = nn.LayerNorm(dim)
        self.look = nn.Linear(dim, dim)
        self.seen = nn.Linear(dim, dim)
        self.sharpness = nn.Parameter(torch.tensor(10.0))
        self.register_buffer("vectors", torch.zeros(num_known, config.text_dim))
        self.drop = nn.Dropout(config.dropout)
        nn.init.normal_(self.residual.weight, std=0.02)
        nn.init.normal_(self.piece.weight, std=0.05)
        with torch.no_grad():
            self.residual.weight[num_known].zero_()
            self.piece.weight[0].zero_()

    def remember(self, batch: Batch, vectors: Tensor, known: Tensor) -> Memory:
        """Encode questions and the keys of all actions.

        Args:
            batch: padded questions.
            vectors: `(labels, text_dim)` vectors of the labels' descriptions.
            known: `(labels,)` each label's residual row.

        Returns:
            What `scores` reads.
        """
        x = self.enter(self.norm(batch.states)) + self.pointer(batch.pointers)
        x = self.drop(x + self.piece(batch.pieces).sum(2))
        mask = batch.mask
        if self.training and self.config.token_dropout > 0:
            kept = torch.rand(mask.shape, device=mask.device) >= self.config.token_dropout
            mask = mask & (kept | (batch.pointers > 0))
            mask[:, 0] = batch.mask[:, 0]
        for layer in self.encoder:
            x = layer(x, src_key_padding_mask=~mask)
        labels = self.label(vectors * SPREAD) + self.residual(known)
        marks = torch.arange(1, MAX_POINTERS + 1, device=x.device)
        weights = (batch.pointers.unsqueeze(1) == marks.view(1, -1, 1)).float()
        means = weights @ x / weights.sum(2, keepdim=True).clamp(min=1)
        keys = torch.cat([self.control, labels])
        around = (len(CONTROLS), MAX_POINTERS)
        meanings = nn.functional.pad(vectors, (0, 0, *around))
        return Memory(x, mask, keys, self.point(means), batch.states, meanings)

    def scores(self, memory: Memory, written: Tensor) -> Tensor:
        """Score the next action after each prefix of what is written.

        Args:
            memory: the questions.
            written: `(questions, length)` actions so far.

        Returns:
            `(questions, length + 1, actions)` scores, before grammar.
        """
        first = self.start.expand(len(written), 1, -1)
        x = torch.cat([first, self.told(_keys_of(written, memory))], 1)
        x = x + self.position[: x.shape[1]]
        length = x.shape[1]
        ahead = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
        for layer in self.decoder:
            x = layer(x, memory.tokens, tgt_mask=ahead, memory_key_padding_mask=~memory.mask)
        query: Tensor = self.leave(x)
        focus = self.look(query) @ self.seen(memory.tokens).transpose(1, 2)
        focus = focus / memory.tokens.shape[-1] ** 0.5
        focus = focus.masked_fill(~memory.mask.unsqueeze(1), FAR).softmax(-1)
        meant = nn.functional.normalize(focus @ memory.states, dim=-1)
        near = self.sharpness * (meant @ memory.meanings.T)
        return torch.cat([query @ memory.keys.T, query @ memory.points.mT], -1) + near


def _keys_of(written: Tensor, memory: Memory) -> Tensor:
    """Return the keys of actions: `(questions, length, dim)`."""
    last = len(memory.keys)
    fixed = nn.functional.embedding(written.clamp(max=last - 1), memory.keys)
    place = (written - last).clamp(min=0).unsqueeze(-1)
    pointed = memory.points.gather(1, place.expand(-1, -1, memory.points.shape[-1]))
    return torch.where((written >= last).unsqueeze(-1), pointed, fixed)
