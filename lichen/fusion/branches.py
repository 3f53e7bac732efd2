"""Facts as words beside a text: token ids, positions and who sees whom, and the states of it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lichen.base.errors import ConfigError
from lichen.base.progress import track
from lichen.fusion.selection import Fact, FactSelector
from lichen.lm.text_encoder import TextEncoder, half_where_fast
from lichen.lm.token_states import STATE_TYPE, Tokens

LIMIT_MIB = 2048
"""Memory for kept states of grown texts."""
LONGEST = 12
"""Tokens of one fact; what is longer is cut."""


class Grown(NamedTuple):
    """A text with facts hanging from its mentions; the text's own tokens come first."""

    ids: Tensor
    """`(all tokens,)` int."""
    positions: Tensor
    """`(all tokens,)` int; a fact counts on from the mention that it hangs from, or in a causal
    model up to it."""
    visible: Tensor
    """`(all tokens, all tokens)` bool; True where the row's token may look at the column's."""


class Branches:
    """Grow texts by the facts about their mentions, as K-BERT does.

    A fact's words stand in soft positions after its mention; they see their own branch and the
    mention, and of the text only the mention sees them. In a causal model, where nothing reads
    what stands after it, they stand before the mention, with the entity's name, and see of the
    text the token that opens it.

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
        spans: list[_Branch] = []
        for mention, (entity, about) in enumerate(zip(entities, facts, strict=True)):
            at = (mention_of == mention).nonzero().squeeze(1)
            if not len(at):
                continue
            for fact in about:
                words = self._words(entity, fact)
                spans.append((at, len(ids), len(ids) + len(words)))
                ids += words
        visible = torch.zeros((len(ids), len(ids)), dtype=torch.bool)
        positions = (_before if self.text.is_causal else _behind)(visible, num_own, spans)
        most = self.text.num_positions - 1
        where = (torch.tensor(positions) + self.offset).clamp(max=most)
        return Grown(torch.tensor(ids), where, visible)

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

    def states(self, grown: Sequence[Grown], num_own: Sequence[int]) -> list[Tensor]:
        """Return the frozen states of the texts' own tokens, `(tokens, dim)` half precision."""
        store = self.text.stores.setdefault("grown", {})
        assert isinstance(store, dict)
        keys = [_key(g) for g in grown]
        new = sorted({k: i for i, k in enumerate(keys) if k not in store}.values())
        new.sort(key=lambda i: len(grown[i].ids))
        fresh: dict[bytes, Tensor] = {}
        for start in track(range(0, len(new), 32), what="reading texts with facts"):
            rows = new[start : start + 32]
            with torch.no_grad():
                out = grown_states(self.text, pad_grown([grown[i] for i in rows]))
            for i, states in zip(rows, out, strict=True):
                fresh[keys[i]] = states[: num_own[i]].to("cpu", STATE_TYPE)
        size = sum(s.numel() * s.itemsize for s in (*store.values(), *fresh.values()))
        if size <= LIMIT_MIB * 2**20:
            store |= fresh
        return [fresh[k] if k in fresh else store[k] for k in keys]


_Branch = tuple[Tensor, int, int]
"""The tokens of a mention, and where a fact about it starts and stops."""


def _behind(visible: Tensor, num_own: int, branches: Sequence[_Branch]) -> list[int]:
    """Let facts follow their mentions: fill in who sees whom, and return the positions."""
    positions = list(range(num_own))
    visible[:num_own, :num_own] = True
    for at, start, stop in branches:
        visible[start:stop, start:stop] = True
        visible[start:stop, at] = True
        visible[at, start:stop] = True
        positions += range(int(at[-1]) + 1, int(at[-1]) + 1 + stop - start)
    return positions


def _before(visible: Tensor, num_own: int, branches: Sequence[_Branch]) -> list[int]:
    """Let facts end where their mentions start, everyone seeing only what stands before.

    All words but the token that opens the text move on as far as the facts need.
    """
    room = max((stop - start - int(at[0]) + 1 for at, start, stop in branches), default=0)
    room = max(room, 0)
    positions = [0, *range(1 + room, num_own + room)]
    visible[:num_own, :num_own] = True
    for at, start, stop in branches:
        visible[start:stop, start:stop] = True
        visible[start:stop, 0] = True
        visible[at, start:stop] = True
        positions += range(positions[int(at[0])] - (stop - start), positions[int(at[0])])
    where = torch.tensor(positions)
    visible &= where.unsqueeze(1) >= where
    return positions


def _key(grown: Grown) -> bytes:
    """Return what tells one grown text from another: its tokens and where they stand."""
    return torch.cat([grown.ids, grown.positions, grown.visible.sum(1)]).numpy().tobytes()


def takes_positions(backbone: nn.Module) -> bool:
    """Say whether a backbone can be told where each token stands."""
    return "position_ids" in inspect.signature(backbone.forward).parameters


def require_positions(text: TextEncoder) -> None:
    """Refuse a language model that does not take a position for each token.

    Raises:
        ConfigError: it takes none, or goes by the distance of tokens in the sequence.
    """
    config = text.model.config
    if not takes_positions(text.model) or getattr(config, "relative_attention", False):
        raise ConfigError(
            f"fusion 'input' must be told where each token stands; {text.name!r} "
            f"({type(text.model).__name__}) takes no positions. Use a BERT, RoBERTa, DistilBERT, "
            "ModernBERT, GPT-2, Llama or Qwen model, or another fusion."
        )


def pad_grown(grown: Sequence[Grown]) -> dict[str, Tensor]:
    """Pad grown texts to one batch: `grown_ids`, `grown_positions`, `visible`.

    A padding token sees itself, so that no row of the mask is empty.
    """
    longest = max(len(g.ids) for g in grown)
    ids = torch.zeros((len(grown), longest), dtype=torch.long)
    positions = torch.zeros_like(ids)
    visible = torch.eye(longest, dtype=torch.bool).repeat(len(grown), 1, 1)
    for i, g in enumerate(grown):
        size = len(g.ids)
        ids[i, :size], positions[i, :size] = g.ids, g.positions
        visible[i, :size, :size] = g.visible
    return {"grown_ids": ids, "grown_positions": positions, "visible": visible}


def grown_states(text: TextEncoder, batch: Mapping[str, object]) -> Tensor:
    """Return the backbone's output for grown texts, `(batch, all tokens, dim)` float32."""
    device = text.device
    ids, positions, sees = (batch[k] for k in ("grown_ids", "grown_positions", "visible"))
    assert isinstance(ids, Tensor)
    assert isinstance(positions, Tensor)
    assert isinstance(sees, Tensor)
    visible = sees.to(device).unsqueeze(1)
    mask = visible
    if text.model.config._attn_implementation != "sdpa":  # noqa: SLF001 - the public name is this
        low = torch.finfo(torch.float32).min
        mask = torch.where(visible, 0.0, low)
    with half_where_fast(device):
        out = text.model(
            input_ids=ids.to(device),
            position_ids=positions.to(device),
            attention_mask=mask,
        )
    states: Tensor = out.last_hidden_state
    return states.float()
