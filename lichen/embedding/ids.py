"""What a caller gives as ids to tensors: whole numbers, in range, of shapes that fit."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from lichen.base.errors import DataError, ShapeError
from lichen.data.graph import Ids


def whole_ids(what: str, ids: ArrayLike) -> Ids:
    """Return ids of any shape as a new array of whole numbers.

    Args:
        what: what they are ids of, such as "entity".
        ids: numbers or lists of them; an empty list holds none.

    Returns:
        The same, as int64.

    Raises:
        DataError: one is no whole number; a fraction would be cut off, true and false taken for
            1 and 0.
        ShapeError: lists in it are of several lengths.

    >>> whole_ids("entity", [1.7])
    Traceback (most recent call last):
    ...
    lichen.base.errors.DataError: entity ids must be whole numbers; got 1.7 (float64). Look ids \
up by their labels.
    """
    try:
        found = np.asarray(ids)
    except ValueError:
        raise ShapeError(
            f"{what} ids must be a list, or lists of one length; got lists of several. Give as "
            "many ids in each."
        ) from None
    if found.size and found.dtype.kind not in "iu":
        first = found.ravel()[:1].tolist()[0]
        raise DataError(
            f"{what} ids must be whole numbers; got {first!r} ({found.dtype}). Look ids up by "
            "their labels."
        )
    return found.astype(np.int64)


def id_tensor(what: str, ids: ArrayLike | Tensor) -> Tensor:
    """Return ids as a tensor, on the device where they are; see `whole_ids`.

    Raises:
        DataError: one is no whole number.
    """
    if not isinstance(ids, Tensor):
        return torch.from_numpy(whole_ids(what, ids))
    if ids.dtype == torch.int64:
        return ids
    return torch.from_numpy(whole_ids(what, ids.numpy(force=True))).to(ids.device)


def checked_ids(what: str, ids: ArrayLike | Tensor, count: int) -> Tensor:
    """Return ids as a tensor, each of them from 0 to below `count`.

    Raises:
        DataError: one is no whole number, or out of range.
    """
    found = id_tensor(what, ids)
    if found.numel() and not (int(found.min()) >= 0 and int(found.max()) < count):
        raise DataError(
            f"{what} ids must be from 0 to {count - 1}; got {int(found.min())} to "
            f"{int(found.max())}. Look ids up in the encoder's own {what} labels."
        )
    return found


def rows_of(table: Tensor, ids: ArrayLike | Tensor, *, what: str) -> Tensor:
    """Return the rows of a table that belong to ids: `(...)` -> `(..., width)`.

    Raises:
        DataError: an id is no whole number, or out of range.
    """
    return table[checked_ids(what, ids, len(table)).to(table.device)]


def side_by_side(**ids: ArrayLike | Tensor) -> list[Tensor]:
    """Return the parts of facts as tensors.

    Args:
        **ids: ids of each part, by its name: h and t of entities, r of relations.

    Returns:
        One tensor a part, in the order given, not yet broadcast.

    Raises:
        DataError: an id is no whole number.
        ShapeError: there are several of each, and not as many of one part as of another.

    >>> side_by_side(h=[1, 2], r=[0], t=[1, 2, 3])
    Traceback (most recent call last):
    ...
    lichen.base.errors.ShapeError: h, r and t must be as many, or one; got shapes (2,), (1,) and \
(3,). Give an id of each for every fact.
    """
    found = [id_tensor("relation" if name == "r" else "entity", x) for name, x in ids.items()]
    shapes = [tuple(x.shape) for x in found]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise ShapeError(
            f"{_listed(list(ids))} must be as many, or one; got shapes {_listed(shapes)}. Give an "
            "id of each for every fact."
        ) from None
    return found


def question_ids(
    entity: ArrayLike | Tensor,
    relation: ArrayLike | Tensor,
    *,
    num_entities: int,
    num_relations: int,
) -> tuple[Tensor, Tensor]:
    """Return questions (entity, relation, ?) as tensors.

    Args:
        entity: `(batch,)` ids.
        relation: `(batch,)` ids; r + num_relations asks for the heads of r.
        num_entities: how many there are.
        num_relations: how many there are, reverse directions not included.

    Returns:
        `(batch,)` each.

    Raises:
        DataError: an id is no whole number, or out of range.
        ShapeError: they are no two lists of one length.
    """
    asked = checked_ids("entity", entity, num_entities)
    by = checked_ids("relation", relation, 2 * num_relations)
    if asked.ndim != 1 or asked.shape != by.shape:
        raise ShapeError(
            "entity and relation must have one shape, (batch,); got "
            f"{_listed([tuple(asked.shape), tuple(by.shape)])}. Give a relation for each entity."
        )
    return asked, by


def _listed(parts: list[str] | list[tuple[int, ...]]) -> str:
    *before, last = map(str, parts)
    return f"{', '.join(before)} and {last}"
