"""Facts as words beside a text: token ids, positions and who sees whom, and the states of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor

from lichen.fusion.kept import computed_once
from lichen.fusion.seen import require_positions, seen_states
from lichen.fusion.selection import Fact, FactSelector
from lichen.lm.text_encoder import TextEncoder
from lichen.lm.token_states import STATE_TYPE, Tokens

LONGEST = 12
"""Tokens of one fact; what is longer is cut."""


class Grown(NamedTuple):
    """A text whose mentions are read a second time, with facts; its own tokens come first."""

    ids: Tensor
    """`(all tokens,)` int."""
    positions: Tensor
    """`(all tokens,)` int; where each token is said to stand."""
    visible: Tensor
    """`(all tokens, all tokens)` bool; True where the row's token may look at the column's."""
    again: Tensor
    """`(own tokens,)` int; where each token is read with facts, or itself where it is not."""

    @property
    def has_facts(self) -> bool:
        """Say whether anything is read with facts."""
        return len(self.ids) > len(self.again)


class Branches:
    """Grow texts by the facts about their mentions, as K-BERT does.

    The text is read as it is, and each mention that has facts a second time, in its place but
    with them. A fact's words stand in soft positions after the mention; they see their own branch,
    the second reading and the tokens that open and close the text, without which an encoder hardly
    reads them, and only the second reading sees them. In a causal model, where nothing reads what
    stands after it, they stand between the text before the mention and its second reading, with
    the entity's name, and see of the text the token that opens it.

    Args:
        text: the language model; it must take positions and a mask for pairs of tokens.
        selector: words the facts.
        hide_words: put one meaningless token for each word of a fact, so that only the number
            of facts and words is told.

    Raises:
        ConfigError: the language model cannot be told positions.
    """

    def __init__(
        self, text: TextEncoder, selector: FactSelector, *, hide_words: bool = False
    ) -> None:
        require_positions(text)
        self.text = text
        self.selector = selector
        self.hide_words = hide_words
        self.offset = text.first_position
        self._ids: dict[tuple[int, Fact], list[int]] = {}

    def grow(
        self,
        tokens: Tokens,
        mention_of: Tensor,
        entities: Sequence[int],
        facts: Sequence[Sequence[Fact]],
    ) -> Grown:
        """Return a text grown by its facts.

        Args:
            tokens: the text's own.
            mention_of: `(tokens,)` which mention each belongs to, or -1.
            entities: the entity of each mention.
            facts: those to show about each mention.
        """
        num_own = len(tokens.ids)
        ids = tokens.ids.tolist()
        again = torch.arange(num_own)
        branches: list[_Branch] = []
        for mention, (entity, about) in enumerate(zip(entities, facts, strict=True)):
            at = (mention_of == mention).nonzero().squeeze(1)
            if not len(at) or not about:
                continue
            again[at] = torch.arange(len(ids), len(ids) + len(at))
            ids += tokens.ids[at].tolist()
            found = []
            for words in (self._words(entity, fact) for fact in about):
                found.append(torch.arange(len(ids), len(ids) + len(words)))
                ids += words
            branches.append(_Branch(at, again[at], found))
        visible = torch.zeros((len(ids), len(ids)), dtype=torch.bool)
        visible[:num_own, :num_own] = True
        positions = torch.arange(len(ids))
        for branch in branches:
            branch.lay(visible, positions, num_own=num_own, is_causal=self.text.is_causal)
        if self.text.is_causal:
            visible &= positions.unsqueeze(1) >= positions
        most = self.text.num_positions - 1
        return Grown(torch.tensor(ids), (positions + self.offset).clamp(max=most), visible, again)

    def _words(self, entity: int, fact: Fact) -> list[int]:
        """Return the tokens of a fact; where it follows its mention, without the entity."""
        key = (entity, fact)
        if key not in self._ids:
            relation, other = fact
            graph = self.selector.graph
            said = [graph.relation_text(relation % graph.num_relations), graph.name(other)]
            if relation >= graph.num_relations:
                said.reverse()
            tokenizer = self.text.tokenizer
            words = " ".join(said)
            if self.text.is_causal:
                words = self.selector.wording(entity, fact)
            found = tokenizer(words, add_special_tokens=False)["input_ids"][:LONGEST]
            if self.hide_words:
                empty = (tokenizer.mask_token_id, tokenizer.unk_token_id, tokenizer.eos_token_id, 0)
                found = [next(i for i in empty if i is not None)] * len(found)
            self._ids[key] = found
        return self._ids[key]

    def states(self, grown: Sequence[Grown]) -> list[Tensor]:
        """Return the frozen states read with facts, `(own tokens, dim)` half precision a text."""

        def read(rows: list[int]) -> list[Tensor]:
            with torch.no_grad():
                out = grown_states(self.text, pad_grown([grown[i] for i in rows]))
            pairs = zip(rows, out, strict=True)
            return [states[grown[i].again].to("cpu", STATE_TYPE) for i, states in pairs]

        return computed_once(
            self.text,
            "grown",
            [_key(g) for g in grown],
            read,
            lengths=[len(g.ids) for g in grown],
            what="reading texts with facts",
        )


class _Branch(NamedTuple):
    """A mention that is read again: its tokens, these once more, and the words of each fact."""

    at: Tensor
    again: Tensor
    facts: list[Tensor]

    def lay(self, visible: Tensor, positions: Tensor, *, num_own: int, is_causal: bool) -> None:
        """Fill in what these tokens see, and where they stand.

        In a causal model the facts end where the mention starts again, later than at first.
        """
        again, first = self.again.unsqueeze(1), int(self.at[0])
        room = max(map(len, self.facts)) if is_causal else 0
        beside = [0] if is_causal else [0, num_own - 1, *self.again.tolist()]
        visible[again, torch.arange(first if is_causal else num_own)] = True
        visible[again, self.at] = False
        visible[again, self.again] = True
        positions[self.again] = self.at + room
        for fact in self.facts:
            visible[fact.unsqueeze(1), fact] = True
            visible[fact.unsqueeze(1), beside] = True
            visible[again, fact] = True
            start = first + room - len(fact) if is_causal else int(self.at[-1]) + 1
            positions[fact] = torch.arange(start, start + len(fact))


def _key(grown: Grown) -> bytes:
    """Return what tells one grown text from another: its tokens and where they stand."""
    return torch.cat([grown.ids, grown.positions, grown.visible.sum(1)]).numpy().tobytes()


def pad_grown(grown: Sequence[Grown]) -> dict[str, Tensor]:
    """Pad grown texts to one batch: `grown_ids`, `grown_positions`, `visible`, `again`.

    A padding token sees itself, so that no row of the mask is empty.
    """
    longest = max(len(g.ids) for g in grown)
    ids = torch.zeros((len(grown), longest), dtype=torch.long)
    positions = torch.zeros_like(ids)
    visible = torch.eye(longest, dtype=torch.bool).repeat(len(grown), 1, 1)
    again = torch.arange(max(len(g.again) for g in grown)).repeat(len(grown), 1)
    for i, g in enumerate(grown):
        size = len(g.ids)
        ids[i, :size], positions[i, :size] = g.ids, g.positions
        visible[i, :size, :size] = g.visible
        again[i, : len(g.again)] = g.again
    return {"grown_ids": ids, "grown_positions": positions, "visible": visible, "again": again}


def grown_states(text: TextEncoder, batch: Mapping[str, object]) -> Tensor:
    """Return the backbone's output for grown texts, `(batch, all tokens, dim)` float32."""
    names = ("grown_ids", "grown_positions", "visible")
    ids, positions, visible = (cast("Tensor", batch[k]).to(text.device) for k in names)
    return seen_states(text, ids=ids, positions=positions, visible=visible)
