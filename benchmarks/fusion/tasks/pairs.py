"""Text in which a pair of things is marked by telling both before the sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from lichen.data.corpus import Document
from tasks.task import MOST_MENTIONS, mention


class Place(NamedTuple):
    """Characters of a sentence and the entity there, None where the graph lacks it."""

    start: int
    end: int
    entity: int | None


def marked(
    id_: str,
    sentence: str,
    head: Place,
    tail: Place,
    *,
    label: str,
    others: tuple[Place, ...] = (),
    language: str = "en",
    meta: Mapping[str, str] | None = None,
) -> Document:
    """Return "head ; tail : sentence", so that head and tail are the first two mentions.

    Either may come first in the sentence, or one inside the other; told before it, their roles
    are the same in every document. Their places in the sentence are linked too.

    Args:
        id_: of the document.
        sentence: any text.
        head: where the first of the pair stands in it.
        tail: where the second does.
        label: the relation.
        others: further linked places of the sentence.
        language: ISO 639 code.
        meta: further things known of the document.
    """
    first, second = sentence[head.start : head.end], sentence[tail.start : tail.end]
    told = f"{first} ; {second} : "
    mentions = [
        mention(0, len(first), head.entity),
        mention(len(first) + 3, len(first) + 3 + len(second), tail.entity),
    ]
    end = 0
    for place in sorted((head, tail, *others), key=lambda place: place[:2]):
        is_kept = place.start >= end and place.entity is not None
        if is_kept and len(mentions) < MOST_MENTIONS:
            mentions.append(mention(len(told) + place.start, len(told) + place.end, place.entity))
            end = place.end
    return Document(
        id=id_,
        text=told + sentence,
        language=language,
        label=label,
        mentions=tuple(mentions),
        meta={"sentence": sentence, **(meta or {})},
    )
