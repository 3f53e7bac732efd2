"""Graphs to and from PyKEEN's triples factories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from lichen.base import check
from lichen.base.errors import DataError
from lichen.base.extras import need
from lichen.data.graph import Graph
from lichen.data.vocabulary import Vocabulary


def graph_from_triples_factory(factory: Any, **others: Any) -> Graph:
    """Return the facts of PyKEEN's triples factories as a graph, ids kept.

    Inverse triples that a factory would create are not facts and do not come along.

    Args:
        factory: a `pykeen.triples.TriplesFactory`; with others, the split "train".
        **others: further factories over the same labels by split name, such as
            `test=dataset.testing`.

    Raises:
        DataError: a factory has no labels, one is no text, ids do not run from 0 without a gap,
            or the factories' labels differ.
    """
    parts = {"train": factory, **others}
    for part in parts.values():
        _refuse_unlabelled(part)
    entities = _labels(factory.entity_to_id, "entity")
    relations = _labels(factory.relation_to_id, "relation")
    rows: dict[tuple[int, int, int], int] = {}
    splits: dict[str, list[int]] = {}
    for split, part in parts.items():
        same = part.entity_to_id == factory.entity_to_id
        if not (same and part.relation_to_id == factory.relation_to_id):
            raise DataError(
                f"{split}: must number labels as the first factory does; it does not. Take both "
                "from one PyKEEN dataset."
            )
        facts = map(tuple, part.mapped_triples.tolist())
        splits[split] = [rows.setdefault(fact, len(rows)) for fact in facts]
    return Graph(
        entities=entities,
        relations=relations,
        triples=np.array(list(rows), dtype=np.int64).reshape(-1, 3),
        splits={k: np.array(v, dtype=np.int64) for k, v in splits.items()} if others else {},
    )


def to_triples_factory(
    graph: Graph, split: str | None = None, *, create_inverse_triples: bool = False
) -> Any:
    """Return facts as PyKEEN's `TriplesFactory`, ids kept.

    Args:
        graph: where they are.
        split: a split; None is all facts.
        create_inverse_triples: whether PyKEEN is to train each fact in both directions.

    Returns:
        A `pykeen.triples.TriplesFactory`.

    Raises:
        ConfigError: it is no graph.
        DataError: there is no such split.
        MissingExtraError: pykeen is not installed.
    """
    check.kind("to_triples_factory: graph", graph, Graph, fix="Give the graph with the facts.")
    triples = need("pykeen.triples", extra="pykeen", why="to_triples_factory")
    facts = graph.triples if split is None else graph.split(split)
    return triples.TriplesFactory(
        mapped_triples=torch.from_numpy(np.array(facts)),
        entity_to_id={label: i for i, label in enumerate(graph.entities)},
        relation_to_id={label: i for i, label in enumerate(graph.relations)},
        create_inverse_triples=create_inverse_triples,
    )


def labels_of(factory: Any) -> Graph:
    """Return a graph of a factory's labels without its facts.

    Args:
        factory: a `pykeen.triples.TriplesFactory`.

    Raises:
        DataError: it has no labels, one is no text, or ids do not run from 0 without a gap.
    """
    _refuse_unlabelled(factory)
    return Graph(
        entities=_labels(factory.entity_to_id, "entity"),
        relations=_labels(factory.relation_to_id, "relation"),
        triples=np.empty((0, 3), dtype=np.int64),
    )


def _refuse_unlabelled(factory: Any) -> None:
    if not hasattr(factory, "entity_to_id"):
        raise DataError(
            "triples_factory must hold labels, as a pykeen TriplesFactory does; got "
            f"{type(factory).__name__}. Pass the factory that the model was trained with."
        )


def _labels(to_id: Mapping[str, int], what: str) -> Vocabulary:
    ordered = sorted(to_id, key=lambda label: to_id[label])
    ids = [to_id[label] for label in ordered]
    if ids != list(range(len(ids))):
        raise DataError(
            f"{what} ids must run from 0 to {len(ids) - 1}, each once; got {ids[0]} to {ids[-1]} "
            f"for {len(ids)} labels. Condense the factory first."
        )
    strange = next((label for label in ordered if not isinstance(label, str)), None)
    if strange is not None:
        raise DataError(
            f"{what} labels must be texts; got {strange!r}. PyKEEN reads names such as NA and null "
            "from its files as no text: rename them before it saves."
        )
    return Vocabulary(ordered, what=what)
