"""Stretches of texts -> what a frozen encoder makes of each, computed once and kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lichen.base.errors import ConfigError, DataError
from lichen.base.paths import home
from lichen.base.progress import track
from lichen.data.corpus import Span
from lichen.data.write.atomic import atomic_file
from lichen.lm.text_encoder import TextEncoder

Halves = NDArray[np.float16]
Place = tuple[str, Span]
"""A text and a stretch of it."""


class SpanStates:
    """Give the states of stretches of texts, from the last layers of a frozen encoder.

    What was read once is remembered, and `save` keeps it for the next process.

    Args:
        text: the encoder.
        layers: how many of its last layers to give.
        folder: where to keep states; None is `span-states` under the cache folder.

    Raises:
        ConfigError: the encoder does not have as many layers.
    """

    def __init__(self, text: TextEncoder, *, layers: int = 3, folder: Path | None = None) -> None:
        if not 1 <= layers <= text.num_layers:
            raise ConfigError(
                f"layers must be between 1 and {text.num_layers}, the hidden layers of "
                f"{text.name!r}; got {layers!r}."
            )
        self.text = text
        self.layers = layers
        folder = folder or home() / "span-states"
        self.path = folder / f"{text.fingerprint}-{layers}.npz"
        self._row: dict[bytes, int] = {}
        self._parts: list[Halves] = []
        self._has_news = False
        if self.path.is_file():
            with np.load(self.path) as kept:
                self._row = {key.tobytes(): i for i, key in enumerate(kept["keys"])}
                self._parts = [kept["states"]]

    @property
    def shape(self) -> tuple[int, int]:
        """Return the shape of one stretch's states: the layers and the text's mean, width."""
        return self.layers + 1, self.text.dim

    def get(self, places: Sequence[Place], *, batch_size: int = 64) -> Halves:
        """Return what the encoder makes of each stretch.

        Args:
            places: texts with a stretch of each; a text may come with several.
            batch_size: texts per forward pass.

        Returns:
            `(places, layers + 1, dim)` half precision: the stretch's mean state in each of the
            last layers, the last one last, then the mean state of the whole text. Each row has
            length 1. A stretch past what the encoder reads has the text's mean instead.

        Raises:
            DataError: a stretch is empty or lies outside its text.
        """
        keys = [_key(place) for place in places]
        asked: dict[str, list[Place]] = {}
        for place, key in dict(zip(places, keys, strict=True)).items():
            if key not in self._row:
                text, span = place
                if not 0 <= span.start < span.end <= len(text):
                    raise DataError(
                        f"a stretch must be a part of its text of {len(text)} characters; got "
                        f"{tuple(span)}."
                    )
                asked.setdefault(text, []).append(place)
        todo = sorted(asked, key=lambda text: (len(text), text))
        for start in track(range(0, len(todo), batch_size), what="reading texts"):
            self._read([asked[text] for text in todo[start : start + batch_size]])
        if len(self._parts) > 1:
            self._parts = [np.concatenate(self._parts)]
        if not self._parts:
            return np.zeros((0, *self.shape), dtype=np.float16)
        return self._parts[0][[self._row[key] for key in keys]]

    def save(self) -> Path:
        """Keep on disk what was read since the last time, and return the file."""
        if self._has_news:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            keys = np.frombuffer(b"".join(self._row), dtype=np.void(_KEY_BYTES).dtype)
            with atomic_file(self.path) as file:
                np.savez(file, keys=keys, states=np.concatenate(self._parts))
            self._has_news = False
        return self.path

    def _read(self, grouped: list[list[Place]]) -> None:
        """Take in the stretches of some texts, a list a text, in one forward pass."""
        batch, mask, offsets = self.text.tokens([places[0][0] for places in grouped])
        device = self.text.device
        batch = {key: value.to(device) for key, value in batch.items()}
        with torch.no_grad(), self.text.autocast():
            hidden = self.text.model(**batch, output_hidden_states=True).hidden_states
        states = torch.stack([x.float().cpu() for x in hidden[-self.layers :]], dim=1)
        found = [
            _pooled(states[i], mask[i], offsets[i], span)
            for i, places in enumerate(grouped)
            for _, span in places
        ]
        self._parts.append(torch.stack(found).half().numpy())
        for places in grouped:
            for place in places:
                self._row[_key(place)] = len(self._row)
        self._has_news = True


_KEY_BYTES = 12


def _key(place: Place) -> bytes:
    text, span = place
    spelled = f"{span.start}:{span.end}:{text}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(spelled, digest_size=_KEY_BYTES).digest()


def _pooled(states: Tensor, mask: Tensor, offsets: Tensor, span: Span) -> Tensor:
    """Return `(layers + 1, dim)` unit rows of one text's `(layers, tokens, dim)` states."""
    is_inside = (offsets[:, 0] < span.end) & (offsets[:, 1] > span.start)
    is_inside &= mask & (offsets[:, 1] > offsets[:, 0])
    inside = is_inside if bool(is_inside.any()) else mask
    rows = torch.cat([states[:, inside].mean(1), states[-1:, mask].mean(1)])
    return torch.nn.functional.normalize(rows, dim=-1)
