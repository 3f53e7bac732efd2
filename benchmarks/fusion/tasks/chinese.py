"""A small Chinese encoder, pretrained by masked characters on a task's own unlabelled text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lichen.base.paths import home
from lichen.base.progress import track
from lichen.lm.text_encoder import TextEncoder, half_where_fast
from tasks import finre, reviews
from tasks.task import data

PAPER = "Devlin et al., 2019, arXiv:1810.04805 (masked words)"
VOCABULARY = "bert-base-chinese-vocab.txt"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The shape of the encoder and how long it reads."""

    layers: int = 4
    dim: int = 256
    heads: int = 4
    max_tokens: int = 128
    masked: float = 0.15
    """Share of the tokens that are to be guessed."""
    steps: int = 400
    batch: int = 32
    learning_rate: float = 1e-3
    warm_up: int = 100


def chinese_encoder(texts: Sequence[str], *, settings: Settings | None = None) -> TextEncoder:
    """Return a BERT that has read some texts, from the cache where it has done so before.

    Args:
        texts: to pretrain on, such as a task's training texts; labels play no part.
        settings: its shape; None is 4 layers of width 256.
    """
    given = settings or Settings()
    told = json.dumps([asdict(given), list(texts)], ensure_ascii=False)
    key = hashlib.sha256(told.encode()).hexdigest()[:16]
    folder = home() / "chinese-encoders" / key
    if not folder.is_dir():
        model, tokenizer = _pretrained(list(texts), given)
        partial = folder.with_name(f"{key}.partial")
        TextEncoder(model.bert, tokenizer, name="small Chinese BERT").save(partial)
        partial.rename(folder)
    return TextEncoder.load(folder)


def chinese_texts() -> list[str]:
    """Return the training texts of all Chinese tasks, each once and without its label."""
    found = [
        *finre.training_texts(),
        *reviews.training_texts("chnsenticorp"),
        *reviews.training_texts("book_review"),
    ]
    return list(dict.fromkeys(found))


def _pretrained(texts: list[str], given: Settings) -> tuple[Any, Any]:
    from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast

    torch.manual_seed(0)
    vocabulary = data("vocab") / VOCABULARY
    tokenizer = BertTokenizerFast(str(vocabulary), model_max_length=given.max_tokens)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=given.dim,
        num_hidden_layers=given.layers,
        num_attention_heads=given.heads,
        intermediate_size=4 * given.dim,
        max_position_embeddings=given.max_tokens,
    )
    model = BertForMaskedLM(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=given.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / given.warm_up, 1 - step / (given.steps + 1)),
    )
    encoded = tokenizer(texts, truncation=True, max_length=given.max_tokens)["input_ids"]
    batches = _batches(encoded, given)
    guess = _Guess(model, encoded)
    losses = []
    for _ in track(range(given.steps), what="reading Chinese text"):
        ids, mask = _padded(next(batches), tokenizer.pad_token_id)
        shown, asked = _masked(ids, tokenizer, given.masked)
        with half_where_fast(torch.device("cpu")):
            states = model.bert(input_ids=shown, attention_mask=mask).last_hidden_state
            loss = guess.loss(states[asked], ids[asked])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        losses.append(loss.item())
    last = np.mean(losses[-50:])
    print(f"masked characters: loss {losses[0]:.2f} at first, {last:.2f} at last", flush=True)
    return model.eval(), tokenizer


class _Guess:
    """The masked-character loss over the characters that occur, a fifth of the vocabulary."""

    def __init__(self, model: Any, encoded: list[list[int]]) -> None:
        self.model = model
        self.kept = torch.tensor(sorted({token for ids in encoded for token in ids}))

    def loss(self, states: Tensor, truth: Tensor) -> Tensor:
        """Return the mean loss of `(places, dim)` states whose tokens are `(places,)` ids."""
        head = self.model.cls.predictions
        rows = self.model.bert.embeddings.word_embeddings.weight[self.kept]
        scores = head.transform(states) @ rows.T + head.decoder.bias[self.kept]
        return torch.nn.functional.cross_entropy(
            scores.float(), torch.searchsorted(self.kept, truth)
        )


def _batches(encoded: list[list[int]], given: Settings) -> Iterator[list[list[int]]]:
    """Yield batches without end, texts of like length together, in random order."""
    rng = np.random.default_rng(0)
    while True:
        noisy = [len(ids) + rng.integers(8) for ids in encoded]
        order = np.argsort(noisy, kind="stable")
        starts = rng.permutation(np.arange(0, len(order), given.batch))
        for start in starts:
            yield [encoded[i] for i in order[start : start + given.batch]]


def _padded(batch: list[list[int]], pad: int) -> tuple[Tensor, Tensor]:
    length = max(map(len, batch))
    ids = torch.tensor([row + [pad] * (length - len(row)) for row in batch])
    return ids, (ids != pad).long()


def _masked(ids: Tensor, tokenizer: Any, share: float) -> tuple[Tensor, Tensor]:
    """Return what the model sees, and which places it must guess.

    Of these, four fifths are masked, a tenth is another token, a tenth stays.
    """
    special = torch.tensor(tokenizer.all_special_ids)
    asked = (torch.rand(ids.shape) < share) & ~torch.isin(ids, special)
    kind = torch.rand(ids.shape)
    shown = torch.where(asked & (kind < 0.8), tokenizer.mask_token_id, ids)
    other = torch.randint(len(tokenizer), ids.shape)
    return torch.where(asked & (kind >= 0.9), other, shown), asked
