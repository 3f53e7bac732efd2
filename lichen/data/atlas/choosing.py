"""What to ask about next: anchors of one split, their names, groups, extremes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from lichen.data.atlas.facts import Facts, part_of
from lichen.data.atlas.phrase import phrase
from lichen.data.atlas.wording import Filled, Form, Wording, agree, fill, named
from lichen.data.query import Step

T = TypeVar("T")
TRIES = 12
TYPE_NOUNS = {"zh": {"country": ("国家", "国家"), "river": ("河流", "河流")}}
GOODS = frozenset({"product", "resource", "industry"})
PLURAL_WORD = re.compile(r"[^su]s$")
PLURAL_ENDINGS = {"y": "ies", "s": "ses"}


class Group(NamedTuple):
    """An anchor, a step from it, and what the step leads to."""

    step: str
    anchor: int
    ends: tuple[int, ...]
    name: Filled


class Chooser:
    """Draw anchors and groups of one language and split.

    Args:
        facts: what is true.
        wording: the forms of that language and split.
        rng: where choices come from.
    """

    def __init__(self, facts: Facts, wording: Wording, rng: np.random.Generator) -> None:
        self.facts = facts
        self.wording = wording
        self.rng = rng
        self._anchors: dict[str, list[int]] = {}
        self._names: dict[int, Filled | None] = {}

    def anchors(self, step: str) -> list[int]:
        """Return the entities of this split that have a step and a clean name."""
        if step not in self._anchors:
            known = [e for e in self.facts.anchors.get(step, ()) if self.name(e) is not None]
            own = [e for e in known if self.is_ours(step, e)]
            self._anchors[step] = own or (known if len(known) < TRIES else [])
        return self._anchors[step]

    def is_ours(self, topic: str, entity: int) -> bool:
        """Say whether this split may ask about an entity under a step or attribute."""
        label = self.facts.graph.entities[entity]
        return part_of(topic, label, draw=self.wording.draw) == self.wording.split

    def pair_part(self, first: str, second: str) -> str:
        """Return the split that a pair of steps is kept for; those of training are asked in all."""
        return part_of("pair", first, second, draw=self.wording.draw)

    def name(self, entity: int) -> Filled | None:
        """Return what the sentence calls an entity, or None when it has no clean name."""
        if entity not in self._names:
            found = phrase(self.facts.graph, entity, language=self.wording.language)
            self._names[entity] = named(entity, found) if found else None
        return self._names[entity]

    def about(self, form: Form, part: Filled) -> Filled:
        """Put one name into a form; goods with a plural name take plural verbs."""
        kinds = self.facts.graph.types_of(part.mentions[0].entity or 0) if part.mentions else ()
        is_plural = bool(GOODS.intersection(kinds)) and PLURAL_WORD.search(part.text) is not None
        return fill(agree(form.text, anchor_plural=is_plural), {"x": part})

    def one(self, choices: Sequence[T]) -> T:
        """Draw one of several choices."""
        return choices[int(self.rng.integers(len(choices)))]

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """Draw distinct choices, at most `count`."""
        order = self.rng.permutation(len(choices))[:count]
        return [choices[int(i)] for i in order]

    def many(self, count: int, make: Callable[[], T | None]) -> Iterator[T]:
        """Make `count` things, trying again a few times where it does not work out."""
        made = 0
        for _ in range(count * TRIES):
            if made >= count:
                return
            thing = make()
            if thing is not None:
                made += 1
                yield thing

    def group(self, steps: Sequence[str], *, at_least: int = 2) -> Group | None:
        """Draw an anchor with a step to several things."""
        step = self.one(steps)
        anchor = self.one(self.anchors(step))
        ends = self.facts.follow((anchor,), step)
        part = self.name(anchor)
        if part is None or len(ends) < at_least:
            return None
        return Group(step, anchor, ends, part)

    def fitting(self, entities: tuple[int, ...]) -> list[str]:
        """Return the attributes that have wording and that most of the entities have."""
        needed = max(2, 0.6 * len(entities))
        return sorted(
            attribute
            for attribute, numbers in self.facts.numbers.items()
            if attribute in self.wording.attributes
            and sum(entity in numbers for entity in entities) >= needed
        )

    def best(self, entities: tuple[int, ...], attribute: str, side: str) -> int | None:
        """Return the entity with the extreme value, or None when two share it."""
        numbers = self.facts.numbers[attribute]
        ranked = sorted((numbers[e], e) for e in entities if e in numbers)
        if side == "max":
            ranked.reverse()
        if len(ranked) < 2 or ranked[0][0] == ranked[1][0]:
            return None
        return ranked[0][1]

    def noun_of(self, type_: str) -> tuple[str, str] | None:
        """Return singular and plural of a type, or None when the language has no word for it."""
        if self.wording.language != "en":
            return TYPE_NOUNS.get(self.wording.language, {}).get(type_)
        ending = PLURAL_ENDINGS.get(type_[-1])
        return type_, (type_[:-1] + ending if ending else f"{type_}s")


def back(step: str) -> str:
    """Return the same step in the other direction."""
    one = Step.of(step)
    return one._replace(forward=not one.forward).key
