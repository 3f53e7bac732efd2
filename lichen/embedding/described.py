"""Description vectors to entity vectors: alone, or with a learned vector added to each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from lichen.base.errors import ConfigError, DataError, ShapeError
from lichen.base.paths import home
from lichen.data.corpus import Span
from lichen.data.graph import Graph
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.artifact import read_artifact, write_artifact
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.ids import checked_ids
from lichen.embedding.scorer import START_SIZE
from lichen.embedding.unseen import Newcomer
from lichen.lm.span_states import SpanStates
from lichen.lm.text_encoder import TextEncoder

_TINY = 1e-12  # features that are all zero have no length


class DescribedEncoder(GraphEncoder):
    """Entity vectors computed from vectors of their descriptions by one learned matrix.

    The description vectors stay as they are, so a language model runs once per entity; the
    matrix learns what of them the facts need. With `learned`, each entity also has a vector of
    its own, added to that.

    Use when entities are described and new ones must work from their text, alone or with facts:
    see `with_entities`.

    Args:
        scorer: a key of `lichen.embedding.SCORERS`.
        graph: the entities and relations to have vectors for.
        features: `(entities, width)` a vector of each entity's description, such as
            `TextEncoder.encode` gives; zeros where there is none. None leaves the learned vectors.
        learned: whether entities learn vectors of their own as well.
        dim: numbers an entity.
        seed: of the random start.
        reciprocal: whether reverse directions have vectors of their own.
        **settings: the scorer's own settings.

    Raises:
        ChoiceError: no such scorer.
        ConfigError: `dim` or `reciprocal` does not fit the scorer, or there is nothing to compute
            vectors from.
        ShapeError: `features` does not have one row an entity.
        DataError: `features` are no numbers, or hold a NaN or an infinity.

    References:
        Wang et al., 2021, arXiv:1911.06136 (KEPLER). Differs: the language model is frozen.
    """

    KIND: ClassVar[str] = "described-encoder"
    features: Tensor
    """`(entities, width)`; width 0 when there are none."""

    def __init__(
        self,
        scorer: str,
        graph: Graph,
        *,
        features: ArrayLike | Tensor | None,
        learned: bool = True,
        dim: int = 128,
        seed: int = 0,
        reciprocal: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(scorer, graph, dim=dim, seed=seed, reciprocal=reciprocal, **settings)
        found = _matrix(features, len(self.entities))
        if not (learned or found.shape[1]):
            raise ConfigError("learned must be True where there are no features; got False.")
        self.learned, self.seed = learned, seed
        self.register_buffer("features", found)
        draw = torch.Generator().manual_seed(seed + 1)
        usual = found.norm(dim=1).square().mean().sqrt().clamp_min(_TINY)
        start = torch.randn((found.shape[1], self.entity_dim), generator=draw)
        self.project = nn.Parameter(start * (START_SIZE / usual))
        if not learned:
            nothing = torch.zeros_like(self.entity_table)
            del self.entity_table
            self.register_buffer("entity_table", nothing)

    @property
    def is_table(self) -> bool:
        """Return False: vectors are computed."""
        return False

    def start(self, ids: Tensor) -> Tensor:
        """Return what an entity has by itself: `(ids,)` -> `(ids, entity_dim)`."""
        own = self.entity_table.index_select(0, ids)
        if not self.features.shape[1]:
            return own
        told: Tensor = self.features.index_select(0, ids) @ self.project
        return told + own

    def compute(self, ids: Tensor | None) -> Tensor:
        """Compute vectors of distinct ids, `(ids,)` -> `(ids, entity_dim)`; None is all."""
        if ids is None:
            ids = torch.arange(self.num_entities, device=self.entity_table.device)
        return self.start(ids)

    def vectors(self, ids: ArrayLike | Tensor | None = None) -> Tensor:
        """Return entity vectors: ids of any shape `(...)` -> `(..., entity_dim)`; None is all.

        Raises:
            DataError: an id is no whole number, or out of range.
        """
        if ids is None:
            return self.compute(None)
        asked = checked_ids("entity", ids, self.num_entities).to(self.entity_table.device)
        distinct, place = torch.unique(asked, return_inverse=True)
        return self.compute(distinct)[place]

    @torch.no_grad()
    def encode_unseen(
        self,
        *,
        as_head: ArrayLike = (),
        as_tail: ArrayLike = (),
        text: ArrayLike | Tensor | None = None,
    ) -> Tensor:
        """Return a vector for an entity that has no row here, from its text, its facts or both.

        The text says one vector, by the learned matrix, and the facts another, by what they imply;
        their mean is taken, the text counting as one fact. Under an inner product all of them
        are brought to the usual length of an entity's vector first.

        Args:
            as_head: `(facts, 2)` relation and tail ids of the facts that it heads.
            as_tail: `(facts, 2)` head and relation ids of the facts that it ends.
            text: `(width,)` the vector of its description, made as the features were; None
                places it by its facts alone.

        Returns:
            `(entity_dim,)`; all zeros when there is neither fact nor text.

        Raises:
            ShapeError: a list does not hold pairs, or `text` is not as wide as the features.
            ConfigError: there is a text, and there are no features.
            DataError: an id is out of range, or `text` holds a NaN, an infinity or no numbers.
        """
        told = None if text is None else self._told(text)
        table = self.vectors()
        return self._placed(as_head, as_tail, table=table, size=self._usual_size(table), told=told)

    def _rows_of(self, new: Mapping[str, Newcomer]) -> dict[str, Tensor]:
        """Return texts as features, zeros for none, and what facts add to them as own vectors."""
        placed = self._placed_all(new)
        said = self.features.new_zeros(len(new), self.features.shape[1])
        for row, one in enumerate(new.values()):
            if one.text is not None:
                said[row] = self._feature(one.text)
        return {"features": said, "entity_table": placed - said @ self.project}

    def _told(self, text: ArrayLike | Tensor, *, of: str = "text") -> Tensor:
        told: Tensor = self._feature(text, of=of) @ self.project
        return told

    def _feature(self, text: ArrayLike | Tensor, *, of: str = "text") -> Tensor:
        """Return a text's vector as the features are kept: `(width,)`."""
        if not self.features.shape[1]:
            return super()._told(text, of=of)  # refuses it
        wanted = tuple(self.features.shape[1:])
        said = None if isinstance(text, str) else _numbers(of, text)
        if said is None or tuple(said.shape) != wanted:
            came = repr(text) if said is None else tuple(said.shape)
            raise ShapeError(
                f"{of} must be a vector of shape {wanted}, that of the features; got {came}. "
                "Encode it as the features were."
            )
        if not bool(said.isfinite().all()):
            raise DataError(
                f"{of} must be numbers; it holds a NaN or an infinity. Look at how that entity "
                "was described."
            )
        return said.to(self.features)

    def _labels(self) -> Graph:
        none = np.empty((0, 3), dtype=np.int64)
        return Graph(entities=self.entities, relations=self.relations, triples=none)

    def _said(self) -> dict[str, Any]:
        """Return the arguments that make such an encoder."""
        return {
            "features": self.features if self.features.shape[1] else None,
            "learned": self.learned,
            "dim": self.dim,
            "seed": self.seed,
            "reciprocal": self.reciprocal,
            **self.settings,
        }

    def save(self, folder: str | Path) -> Path:
        """Write weights, features, labels and settings to a folder, and return it."""
        said = {k: x for k, x in self._said().items() if k != "features"}
        tensors = {f"state.{name}": x for name, x in self.state_dict().items()}
        write_artifact(
            Path(folder),
            kind=self.KIND,
            tensors=tensors,
            documents={
                "encoder": {"scorer": self.scorer_name, "said": said},
                "entities": list(self.entities),
                "relations": list(self.relations),
            },
        )
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> DescribedEncoder:
        """Read what `save` wrote.

        Raises:
            ArtifactError: a file is missing, changed, or of another kind or format version.
        """
        tensors, documents = read_artifact(Path(folder), kind=cls.KIND)
        graph = Graph(
            entities=Vocabulary(documents["entities"], what="entity"),
            relations=Vocabulary(documents["relations"], what="relation"),
            triples=tensors.get("state.facts", torch.empty(0, 3, dtype=torch.int64)).numpy(),
        )
        said = documents["encoder"]
        found = tensors["state.features"]
        features = found if found.shape[1] else None
        encoder = cls(said["scorer"], graph, features=features, **said["said"])
        own = {k.removeprefix("state."): x for k, x in tensors.items()}
        encoder.load_state_dict(own, assign=True)  # the file's own memory, not a copy
        return encoder.eval()


def description_vectors(
    graph: Graph, text: TextEncoder, *, folder: str | Path | None = None
) -> Tensor:
    """Encode each entity's label and description; what was read before comes from disk.

    Args:
        graph: its entities; one without a description has its label alone.
        text: the language model, which stays as it is.
        folder: where vectors are kept; None is `description-vectors` under the cache folder.

    Returns:
        `(entities, text.dim)` unit vectors, as `DescribedEncoder` and `GraphNetwork` take them;
        they are kept in half precision.
    """
    where = home() / "description-vectors" if folder is None else Path(folder)
    kept = SpanStates(text, layers=1, folder=where)
    said = descriptions(graph)
    found = kept.get([(one, Span(0, len(one))) for one in said])[:, -1]
    kept.save()
    return torch.from_numpy(found).float()


def descriptions(graph: Graph) -> list[str]:
    """Return each entity's label and description, or its label alone, in id order."""
    return [
        f"{label}: {graph.descriptions[i]}" if i in graph.descriptions else label
        for i, label in enumerate(graph.entities)
    ]


def _matrix(features: ArrayLike | Tensor | None, num_entities: int) -> Tensor:
    if features is None:
        return torch.zeros(num_entities, 0)
    found = _numbers("features", features)
    if found.ndim != 2 or len(found) != num_entities or not found.shape[1]:
        raise ShapeError(
            f"features must have shape ({num_entities}, width), a row an entity; got "
            f"{tuple(found.shape)}. Encode one description for each entity."
        )
    if not bool(found.isfinite().all()):
        row = int((~found.isfinite()).any(1).nonzero()[0])
        raise DataError(
            f"features must be numbers; row {row} holds a NaN or an infinity. Look at how that "
            "entity was described."
        )
    return found


def _numbers(what: str, given: ArrayLike | Tensor) -> Tensor:
    """Return what a caller gives as numbers, on the CPU; a NaN or an infinity may be among them."""
    if isinstance(given, Tensor):
        return given.detach().to("cpu", torch.float32)
    try:
        found = np.asarray(given)
    except ValueError:  # rows of several lengths
        found = np.empty(0, dtype=object)
    if found.dtype.kind not in "biuf":
        raise DataError(
            f"{what} must be an array of numbers; got a {type(given).__name__} of something else. "
            "Give what TextEncoder.encode gives."
        )
    with np.errstate(over="ignore"):  # what is too large becomes an infinity
        return torch.from_numpy(found.astype(np.float32))
