"""An encoder's entity and relation vectors with their labels to a file that others read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save as pack_tensors

from lichen.base.choose import choose
from lichen.base.errors import DataError
from lichen.base.extras import need
from lichen.data.vocabulary import Vocabulary
from lichen.data.write.atomic import atomic_file, atomic_text
from lichen.data.write.loss import warn_of_loss
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.prior import PriorRanker, encoder_within

Floats = NDArray[np.float32]


class _Part(NamedTuple):
    """Rows of one kind: "entity", "relation", or "reverse" for the reverse of a relation."""

    kind: str
    labels: Vocabulary
    vectors: Floats


def export(encoder: GraphEncoder | PriorRanker, path: str | Path) -> Path:
    """Write the vectors of all entities and relations; the suffix of the name says how.

    | suffix | holds |
    |---|---|
    | .npz | float32 arrays entities, relations, reverses; texts entity_labels, relation_labels |
    | .safetensors | the same arrays; entity_labels and relation_labels are UTF-8 bytes of JSON |
    | .parquet | one row a vector: kind (entity, relation, reverse), label, vector |
    | .vec | word2vec's text, which gensim reads: entities only, "_" for white space |

    Relation vectors are as the scorer holds them; reverses is left out of an encoder without
    reciprocal relations. To read an encoder back into Lichen use `GraphEncoder.save`, which
    keeps the scorer too.

    Args:
        encoder: whose vectors to write; of a `PriorRanker` those of its encoder, without habits.
        path: a name that ends in one of these suffixes.

    Returns:
        The path.

    Raises:
        ChoiceError: the suffix is unknown.
        ConfigError: the model has no entity vectors, as a `PathModel` has none.
        DataError: two labels differ only in white space and the format cannot tell them apart,
            or the place cannot be written to.
        MissingExtraError: .parquet without pyarrow.
    """
    place = Path(path)
    write = choose(f"{place}: the suffix", place.suffix.lower(), VECTOR_WRITERS)
    write(encoder_within(encoder, call="export"), place)
    return place


@torch.no_grad()
def _parts(encoder: GraphEncoder) -> Iterator[_Part]:
    relations = encoder.relation_table.detach().float().cpu().numpy()
    count = encoder.num_relations
    yield _Part("entity", encoder.entities, encoder.vectors().float().cpu().numpy())
    yield _Part("relation", encoder.relations, relations[:count])
    if encoder.reciprocal:
        yield _Part("reverse", encoder.relations, relations[count:])


_ARRAYS = {"entity": "entities", "relation": "relations", "reverse": "reverses"}


def write_npz(encoder: GraphEncoder, path: Path) -> None:
    """Write NumPy arrays, read by `numpy.load` without pickle."""
    arrays: dict[str, NDArray[Any]] = {
        _ARRAYS[kind]: vectors for kind, _, vectors in _parts(encoder)
    }
    arrays["entity_labels"] = np.array(encoder.entities.labels, dtype=np.str_)
    arrays["relation_labels"] = np.array(encoder.relations.labels, dtype=np.str_)
    with atomic_file(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def write_safetensors(encoder: GraphEncoder, path: Path) -> None:
    """Write safetensors arrays, with the scorer's name and settings as metadata."""
    arrays: dict[str, NDArray[Any]] = {
        _ARRAYS[kind]: np.ascontiguousarray(vectors) for kind, _, vectors in _parts(encoder)
    }
    for name, labels in (("entity", encoder.entities), ("relation", encoder.relations)):
        text = json.dumps(labels.labels, ensure_ascii=False).encode()
        arrays[f"{name}_labels"] = np.frombuffer(text, dtype=np.uint8)
    said = {"scorer": encoder.scorer_name, "settings": json.dumps(encoder.settings)}
    with atomic_file(path) as file:
        file.write(pack_tensors(arrays, metadata=said))


def write_parquet(encoder: GraphEncoder, path: Path) -> None:
    """Write one table of kind, label and vector, a row group a kind."""
    arrow = need("pyarrow", extra="parquet", why="writing .parquet")
    parquet = need("pyarrow.parquet", extra="parquet", why="writing .parquet")
    schema = arrow.schema(
        [
            ("kind", arrow.string()),
            ("label", arrow.string()),
            ("vector", arrow.list_(arrow.float32())),
        ]
    )
    with atomic_file(path) as file, parquet.ParquetWriter(file, schema) as writer:
        for kind, labels, vectors in _parts(encoder):
            count, width = vectors.shape
            starts = np.arange(count + 1, dtype=np.int64) * width
            lists = arrow.LargeListArray.from_arrays(starts, np.ascontiguousarray(vectors).ravel())
            columns = [[kind] * count, labels.labels, lists.cast(schema.field("vector").type)]
            writer.write_table(arrow.table(columns, schema=schema))


def write_word2vec(encoder: GraphEncoder, path: Path) -> None:
    """Write word2vec's text: a line of two sizes, then label and numbers, parted by spaces."""
    entities = next(_parts(encoder))
    words = ["_".join(label.split()) for label in entities.labels]
    if len(set(words)) != len(words):
        first: dict[str, str] = {}
        for word, label in zip(words, entities.labels, strict=True):
            if first.setdefault(word, label) != label:
                raise DataError(
                    f"{path}: labels must differ in more than white space to be words; got "
                    f"{first[word]!r} and {label!r}. Save as .npz or .parquet."
                )
    with atomic_text(path) as file:
        file.write(f"{entities.vectors.shape[0]} {entities.vectors.shape[1]}\n")
        for word, row in zip(words, entities.vectors, strict=True):
            file.write(f"{word} {' '.join(map(str, row))}\n")
    lost = {"relation vectors": encoder.num_relations}
    warn_of_loss(path, lost, of="the encoder's", keeps=".npz or .parquet")


VECTOR_WRITERS: dict[str, Callable[[GraphEncoder, Path], None]] = {
    ".npz": write_npz,
    ".parquet": write_parquet,
    ".safetensors": write_safetensors,
    ".vec": write_word2vec,
}
"""File suffix to the function that writes vectors."""
