"""A tokenizer as it comes -> one that pads, opens and closes texts; offsets without blanks."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from lichen.base.extras import need


def reading_tokenizer(tokenizer: Any, *, closes: bool) -> Any:
    """Return a tokenizer that pads on the right and, where asked, opens and closes each text.

    Tokenizers of decoders often do neither: they have no token for padding, and add none at the
    start or the end. Padding is masked, so any token will do.

    Args:
        tokenizer: a fast tokenizer; it is left as it is.
        closes: whether a text must have a token before its words and one after them. One that
            the tokenizer does not add is its own token for the start or the end of a document.

    Returns:
        The tokenizer itself where nothing had to be changed, else a changed copy.
    """
    told = tokenizer("a", return_special_tokens_mask=True)["special_tokens_mask"]
    needs_start, needs_end = closes and not told[0], closes and not told[-1]
    pads = tokenizer.pad_token_id is not None and tokenizer.padding_side == "right"
    if pads and not (needs_start or needs_end):
        return tokenizer
    made = copy.deepcopy(tokenizer)
    made.padding_side = "right"
    start = made.bos_token or made.eos_token or made.pad_token or made.convert_ids_to_tokens(0)
    end = made.eos_token or start
    if made.pad_token_id is None:
        made.pad_token = end
    template = [start] * needs_start + ["$A"] + [end] * needs_end
    if len(template) > 1:
        processors = need("tokenizers.processors", extra="lm", why="a text encoder")
        backend = made.backend_tokenizer
        added = [(token, made.convert_tokens_to_ids(token)) for token in {start, end}]
        closing = processors.TemplateProcessing(single=" ".join(template), special_tokens=added)
        steps = [closing] if backend.post_processor is None else [backend.post_processor, closing]
        backend.post_processor = processors.Sequence(steps)
    return made


def trim_blanks(offsets: Tensor, texts: Sequence[str]) -> Tensor:
    """Return offsets that start after the blanks which many tokenizers count to the next word.

    Args:
        offsets: `(texts, tokens, 2)` characters of each token.
        texts: those texts.

    Returns:
        `(texts, tokens, 2)`; a token of blanks alone is empty.

    >>> import torch
    >>> trim_blanks(torch.tensor([[[0, 2], [2, 7]]]), ["at home"]).tolist()
    [[[0, 2], [3, 7]]]
    """
    rows = offsets.tolist()
    for row, text in zip(rows, texts, strict=True):
        for place in row:
            while place[0] < place[1] and text[place[0]].isspace():
                place[0] += 1
    return offsets.new_tensor(rows)
