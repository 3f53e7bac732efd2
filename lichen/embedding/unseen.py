"""What is told of entities that training never saw, to what places each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from lichen.base import check
from lichen.base.errors import DataError, ShapeError
from lichen.data.builder import labelled
from lichen.data.graph import Graph, Ids
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.ids import whole_ids

_TINY = 1e-12  # a mean of opposite directions has no length


class Newcomer(NamedTuple):
    """What is told of an entity that has no vector yet, in known ids."""

    as_head: list[tuple[int, int]]
    """Relation and tail of the facts that it heads."""
    as_tail: list[tuple[int, int]]
    """Head and relation of the facts that it ends."""
    text: ArrayLike | Tensor | None
    """`(width,)` the vector of its description; None where it has none."""


def facts_of_newcomers(
    graph: Graph, *, entities: Vocabulary, relations: Vocabulary
) -> list[tuple[str, str, str]]:
    """Return the train facts of a graph that place entities which a vocabulary lacks.

    Args:
        graph: its "train" split is read, all facts when it has none.
        entities: those that have vectors.
        relations: those that have vectors.

    Returns:
        (head, relation, tail) labels of the facts between a known and a new entity by a known
        relation, for `GraphEncoder.with_entities`.
    """
    is_known = np.array([label in entities for label in graph.entities], dtype=bool)
    is_told = np.array([label in relations for label in graph.relations], dtype=bool)
    facts = graph.split("train")
    h, r, t = facts.T
    rows = facts[(is_known[h] != is_known[t]) & is_told[r]]
    return [(graph.entities[h], graph.relations[r], graph.entities[t]) for h, r, t in rows.tolist()]


def find_newcomers(
    facts: Iterable[tuple[str, str, str]],
    texts: Mapping[str, ArrayLike | Tensor] | None,
    *,
    entities: Vocabulary,
    relations: Vocabulary,
) -> dict[str, Newcomer]:
    """Return the entities that some facts and texts tell of and a vocabulary lacks.

    Args:
        facts: (head, relation, tail) labels; those between known entities, or between new ones,
            place nobody.
        texts: label of a new entity to the vector of its description; None has facts alone.
        entities: those that have vectors.
        relations: those that have vectors.

    Returns:
        Label to what is told of it, in order of first appearance, those with a text alone last.

    Raises:
        ConfigError: `texts` is no mapping.
        DataError: a fact is no triple, a relation is unknown, a text is of a known entity, or a
            new entity has neither a fact with a known one nor a text, or a blank label or none.
    """
    texts = {} if texts is None else texts
    check.kind("texts", texts, Mapping, fix="Give vectors by the labels of new entities.")
    for label in texts:
        if label in entities:
            raise DataError(
                f"texts must be of new entities; got one of {label!r}, which is known here. Leave "
                "it out, or train anew with its text."
            )
    said = [
        ((h, entities.get(h)), relations.id(r), (t, entities.get(t)))
        for h, r, t in labelled(facts, what="facts")
    ]
    new = [label for head, _, tail in said for label, known in (head, tail) if known is None]
    found = {label: Newcomer([], [], texts.get(label)) for label in [*new, *texts]}
    for (h, head), relation, (t, tail) in said:
        if head is None and tail is not None:
            found[h].as_head.append((relation, tail))
        if tail is None and head is not None:
            found[t].as_tail.append((head, relation))
    for label, one in found.items():
        if not isinstance(label, str) or not label.strip():
            raise DataError(
                f"labels of new entities must be texts that are not blank; got {label!r}. Give "
                "each a name."
            )
        if one.text is None and not (one.as_head or one.as_tail):
            raise DataError(
                f"entity {label!r} must have a fact with an entity that was trained; its facts are "
                "with other new ones. Add such a fact, give its text to an encoder that "
                "reads texts, or train anew."
            )
    return found


def fact_pairs(name: str, facts: ArrayLike) -> Ids:
    """Return facts about one entity as `(facts, 2)` ids.

    Args:
        name: what the message calls them.
        facts: pairs of ids; an empty list holds none.

    Returns:
        `(facts, 2)`

    Raises:
        ShapeError: they are not pairs.
        DataError: one is no whole number.
    """
    found = whole_ids(f"{name}: entity and relation", facts)
    found = found.reshape(0, 2) if found.size == 0 else found
    if found.ndim != 2 or found.shape[1] != 2:
        raise ShapeError(
            f"{name} must have shape (facts, 2); got {found.shape}. Give two ids a fact."
        )
    return found


def place_unseen(implied: Tensor, *, size: Tensor | None) -> Tensor:
    """Return the mean of the vectors that the facts of an entity imply for it.

    Under an inner product a fact implies a direction, so the mean is brought to the usual
    length; under a distance it implies a point.

    Args:
        implied: `(facts, entity width)` what each fact asks the entity to be; at least one.
        size: a number, the usual length of an entity's vector; None keeps the mean as it is.

    Returns:
        `(entity width,)`
    """
    return _sized(implied.mean(dim=0), size)


def place_described(told: Tensor, placed: Tensor, *, num_facts: int, size: Tensor | None) -> Tensor:
    """Return the mean of what the text of an entity says and what its facts say.

    The text counts as one fact: it decides while there are few, and gives way to many.

    Args:
        told: `(entity width,)` what the text makes of the entity.
        placed: `(entity width,)` what `place_unseen` makes of its facts; not read without any.
        num_facts: how many facts that is.
        size: as in `place_unseen`; both are brought to it before they are weighed, and their mean
            after.

    Returns:
        `(entity width,)`

    References:
        Gelman et al., 2013, "Bayesian data analysis", section 2.5 (a normal mean: the prior
        weighs as a number of observations). Differs: that number is 1, not estimated.
    """
    said = _sized(told, size)
    if not num_facts:
        return said
    return _sized(said.lerp(placed, num_facts / (num_facts + 1)), size)


def _sized(vector: Tensor, size: Tensor | None) -> Tensor:
    if size is None:
        return vector
    length: Tensor = vector.norm().clamp_min(_TINY)
    return vector * (size / length)
