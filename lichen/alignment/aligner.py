"""What every aligner is: pairs of vectors in, maps of both sides into one space out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lichen.alignment import ALIGNERS
from lichen.alignment.vectors import Vectors, as_tensor
from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ConfigError, DataError, ShapeError
from lichen.embedding.artifact import read_artifact, write_artifact

KIND = "aligner"


class Aligner(nn.Module, ABC):
    """Maps of a source and a target space into one, in which partners are near by cosine.

    `fit` sets them from pairs; `source` and `target` apply them. All three take arrays and tensors.

    Shapes: source `(..., source_dim)`, target `(..., target_dim)` -> `(..., common dim)`.

    Args:
        source_dim: width of the vectors of one side, such as texts.
        target_dim: width of those of the other, such as entities.
        **settings: the method's own numbers; their names and defaults stand with the method.

    Raises:
        ConfigError: a width is not positive.
    """

    PAPER: str | None = None
    NAME: str
    """Its key in `ALIGNERS`."""

    def __init__(self, source_dim: int, target_dim: int, **settings: Any) -> None:
        super().__init__()
        check.whole("aligner.source_dim", source_dim, 1, 1_000_000)
        check.whole("aligner.target_dim", target_dim, 1, 1_000_000)
        self.source_dim = source_dim
        self.target_dim = target_dim
        self.settings = settings

    @abstractmethod
    def fit(self, source: Vectors, target: Vectors) -> Aligner:
        """Set both maps from pairs, row by row.

        Args:
            source: `(pairs, source_dim)`.
            target: `(pairs, target_dim)`.

        Returns:
            This aligner.

        Raises:
            ShapeError: the arrays are not pairs of these widths.
            DataError: there is no pair, or a number is not finite.
        """

    @abstractmethod
    def map_source(self, vectors: Tensor) -> Tensor:
        """Return source vectors of the right width in the common space."""

    @abstractmethod
    def map_target(self, vectors: Tensor) -> Tensor:
        """Return target vectors of the right width in the common space."""

    def source(self, vectors: Vectors) -> Tensor:
        """Return source vectors in the common space.

        Raises:
            ShapeError: they are not of the width of the source.
            DataError: they are no vectors.
        """
        return self.map_source(_of_width("aligner.source", vectors, self.source_dim))

    def target(self, vectors: Vectors) -> Tensor:
        """Return target vectors in the common space.

        Raises:
            ShapeError: they are not of the width of the target.
            DataError: they are no vectors.
        """
        return self.map_target(_of_width("aligner.target", vectors, self.target_dim))

    def forward(self, vectors: Vectors) -> Tensor:
        """Return source vectors in the common space."""
        return self.source(vectors)

    def pairs(self, source: Vectors, target: Vectors) -> tuple[Tensor, Tensor]:
        """Return pairs of this aligner's widths as tensors that do not learn.

        Raises:
            ShapeError: the arrays are not pairs of these widths.
            DataError: there is no pair, or a number is not finite.
        """
        one, other = pairs(source, target)
        want, got = (self.source_dim, self.target_dim), (one.shape[1], other.shape[1])
        if got != want:
            raise ShapeError(f"aligner: pairs must have widths {want}; got {got}.")
        return one, other

    def save(self, folder: str | Path) -> Path:
        """Write the maps to a folder that `load_aligner` reads, and return it."""
        said = {
            "name": self.NAME,
            "source_dim": self.source_dim,
            "target_dim": self.target_dim,
            "settings": self.settings,
        }
        write_artifact(
            Path(folder), kind=KIND, tensors=self.state_dict(), documents={"aligner": said}
        )
        return Path(folder)


def make_aligner(name: str, source_dim: int, target_dim: int, **settings: Any) -> Aligner:
    """Make an aligner by name.

    Args:
        name: a key of `ALIGNERS`.
        source_dim: width of the vectors of one side.
        target_dim: width of those of the other.
        **settings: the method's own.

    Raises:
        ChoiceError: no such method, or no such setting of it.
        ConfigError: a width or a setting is out of its bounds, or the method takes no settings.

    >>> make_aligner("procrustes", 8, 4).target_dim
    4
    """
    module, _, kind = choose("aligner", name, ALIGNERS).partition(":")
    method: type[Aligner] = getattr(import_module(module), kind)
    taken = {p.name: p for p in signature(method).parameters.values() if p.kind == p.KEYWORD_ONLY}
    if settings and not taken:
        raise ConfigError(
            f"aligner {name!r} takes no settings; got {', '.join(settings)}. Leave them out."
        )
    for key in settings:
        choose(f"a setting of aligner {name!r}", key, taken)
    return method(source_dim, target_dim, **settings)


def load_aligner(folder: str | Path) -> Aligner:
    """Read what `Aligner.save` wrote.

    Raises:
        ArtifactError: a file is missing, changed, or of another kind or format version.
    """
    tensors, documents = read_artifact(Path(folder), kind=KIND)
    said = documents["aligner"]
    aligner = make_aligner(said["name"], said["source_dim"], said["target_dim"], **said["settings"])
    aligner.load_state_dict(tensors)
    return aligner.eval()


def _of_width(where: str, vectors: Vectors, width: int) -> Tensor:
    made = as_tensor(where, vectors)
    if not made.ndim or made.shape[-1] != width:
        raise ShapeError(f"{where}: vectors must have width {width}; got {tuple(made.shape)}.")
    return made


def pairs(source: Vectors, target: Vectors) -> tuple[Tensor, Tensor]:
    """Return rows of finite pairs as tensors that do not learn.

    Raises:
        ShapeError: they are not two matrices of one length.
        DataError: they are no numbers, there is no pair, or a number is not finite.
    """
    source, target = (as_tensor("aligner", side).detach() for side in (source, target))
    if source.ndim != 2 or target.ndim != 2 or len(source) != len(target):
        raise ShapeError(
            f"aligner: pairs must be two matrices of one length; got {tuple(source.shape)} and "
            f"{tuple(target.shape)}."
        )
    if not len(source):
        raise DataError("aligner: at least one pair is needed, got none.")
    if not (torch.isfinite(source).all() and torch.isfinite(target).all()):
        raise DataError("aligner: every number must be finite; got NaN or infinity.")
    return source, target
