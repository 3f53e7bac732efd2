"""Masked words: some words are hidden, and the state there must tell them."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lichen.base.errors import ArtifactError, ConfigError
from lichen.data.graph import Graph, Ids
from lichen.embedding.artifact import read_artifact, write_artifact
from lichen.fusion.known import NONE
from lichen.lm.text_encoder import TextEncoder
from lichen.training.objectives.objective import Batch, Objective
from lichen.training.objectives.windows import Window, Windows, padded

SHARE = 0.15
"""Of the words that are hidden."""
MASKED, RANDOM = 0.8, 0.1
"""Of the hidden words' tokens: replaced by the mask, and by any token; the rest stay."""
IGNORED = -100
"""Target of a token that is not asked for."""


class WordHead(nn.Module):
    """A state to scores of all tokens: a dense layer, then the model's own word vectors.

    Args:
        text: the language model; its word vectors are used, not copied.

    References:
        Devlin et al., 2019, arXiv:1810.04805, section 3.1.
    """

    KIND: ClassVar[str] = "word-head"

    def __init__(self, text: TextEncoder) -> None:
        super().__init__()
        self.dense = nn.Linear(text.dim, text.dim)
        self.norm = nn.LayerNorm(text.dim)
        self.bias = nn.Parameter(torch.zeros(len(text.model.get_input_embeddings().weight)))

    def forward(self, states: Tensor, words: Tensor) -> Tensor:
        """Score tokens.

        Args:
            states: `(..., dim)`
            words: `(vocabulary, dim)`, the model's word vectors.

        Returns:
            `(..., vocabulary)` logits.
        """
        known: Tensor = self.norm(nn.functional.gelu(self.dense(states)))
        return known @ words.T + self.bias

    def save(self, folder: str | Path) -> Path:
        """Write the weights to a folder that `load` reads, and return it."""
        write_artifact(Path(folder), kind=self.KIND, tensors=self.state_dict(), documents={})
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path, text: TextEncoder) -> WordHead:
        """Read what `save` wrote.

        Args:
            folder: where it is.
            text: the language model that the head was trained with.

        Raises:
            ArtifactError: a file is missing or changed, or the head is of another model.
        """
        tensors, _ = read_artifact(Path(folder), kind=cls.KIND)
        head = cls(text)
        want = {name: tuple(x.shape) for name, x in head.state_dict().items()}
        have = {name: tuple(x.shape) for name, x in tensors.items()}
        if want != have:
            raise ArtifactError(
                f"{folder}: must be the word head of a model like {text.name!r}, with bias "
                f"{want['bias']} and dense {want['dense.weight']}; got {have.get('bias')} and "
                f"{have.get('dense.weight')}. Load the model that it was saved with."
            )
        head.load_state_dict(tensors)
        return head.to(text.device).eval()


class MaskedWords(Objective):
    """Hide 15 % of the words, whole ones, and tell them from what is left.

    Use always: it keeps the model a language model while other objectives move it.

    Cost: one pass over the windows; scores only at hidden tokens.

    Raises:
        ConfigError: the tokenizer has no mask token.
    """

    PAPER: ClassVar[str | None] = "Devlin et al., 2019, arXiv:1810.04805"
    NEEDS: ClassVar[str] = "text with words"

    def __init__(self, text: TextEncoder, windows: Windows, graph: Graph) -> None:
        super().__init__(text, windows, graph)
        self.refuse_empty()
        self.mask_id = mask_token(text)
        self.num_tokens = len(text.tokenizer)
        self.head = WordHead(text)

    @property
    def num_items(self) -> int:
        """Count the windows."""
        return len(self.windows)

    def batch(self, items: Ids, rng: np.random.Generator) -> Batch:
        """Return windows with words hidden, and the tokens that stood there."""
        shown, targets = [], []
        for item in items:
            window = self.windows[int(item)]
            hide = self.hidden(window, rng)
            targets.append(np.where(hide, window.ids, IGNORED))
            shown.append(self._replaced(window.ids, hide, rng))
        return {
            **padded(shown, self.windows.pad),
            "targets": padded(targets, IGNORED)["input_ids"],
        }

    def hidden(self, window: Window, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Draw the tokens to hide, `(tokens,)` True."""
        return hidden_words(window, rng)

    def _replaced(self, ids: Ids, hide: NDArray[np.bool_], rng: np.random.Generator) -> Ids:
        lot = rng.random(len(ids))
        shown = np.where(hide & (lot < MASKED), self.mask_id, ids)
        drawn = rng.integers(self.num_tokens, size=len(ids))
        return np.where(hide & (lot >= MASKED) & (lot < MASKED + RANDOM), drawn, shown)

    def loss(self, batch: Batch) -> Tensor:
        """Return the cross-entropy of the hidden tokens."""
        asked = batch["targets"] != IGNORED
        words = self.text.model.get_input_embeddings().weight
        logits = self.head(self.states(batch)[asked], words)
        return nn.functional.cross_entropy(logits.float(), batch["targets"][asked])


def hidden_words(window: Window, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw the words to hide, at least one.

    Returns:
        `(tokens,)` bool; True on every token of a hidden word.
    """
    words = np.unique(window.words[window.words != NONE])
    count = max(1, round(SHARE * len(words)))
    return np.isin(window.words, rng.choice(words, size=count, replace=False))


def mask_token(text: TextEncoder) -> int:
    """Return the id of the mask token.

    Raises:
        ConfigError: the tokenizer has none.
    """
    found = text.tokenizer.mask_token_id
    if found is None:
        raise ConfigError(
            f"text encoder {text.name!r}: the tokenizer must have a mask token to hide words "
            "with; it has none. Take a masked language model such as BERT."
        )
    return int(found)
