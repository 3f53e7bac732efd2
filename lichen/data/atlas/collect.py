"""Things and facts gathered from fields; labels are given out at the end, when all are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from lichen.data.atlas.fields import fold, singular
from lichen.data.atlas.numbers import Quantity
from lichen.data.builder import GraphBuilder
from lichen.data.graph import Graph

PROMINENCE = (
    "world", "continent", "country", "territory", "ocean", "sea", "region", "language", "currency",
    "religion", "river", "lake", "organisation", "mission", "city", "mountain", "place", "division",
    "person", "government type", "legal system", "former state", "product", "resource", "colour",
    "symbol",
    "industry", "ethnic group", "agreement",
)  # fmt: skip
"""Types in the order in which they keep a name that several things share."""

_GROUPS = {
    "resource": "product", "territory": "country", "world": "country", "ocean": "sea",
    "mountain": "place", "mission": "organisation",
}  # fmt: skip
_COUNTED = frozenset({"product", "resource", "industry", "symbol", "ethnic group", "religion"})
_WHERE = {"city": "in", "division": "of", "place": "in", "mountain": "in", "lake": "in"}


class Thing(NamedTuple):
    """What a fact is about, before it has a label: same thing, same value."""

    group: str
    key: str
    scope: str = ""


class Collector:
    """Facts about things; the same name of the same type (and scope) is the same thing."""

    def __init__(self) -> None:
        self._spellings: dict[Thing, Counter[str]] = {}
        self._fixed: dict[Thing, str] = {}
        self._types: dict[Thing, dict[str, None]] = {}
        self._names: dict[Thing, dict[tuple[str, str], None]] = {}
        self._facts: dict[tuple[Thing, str, Thing], tuple[str, str]] = {}
        self._tails: dict[tuple[Thing, str], list[Thing]] = {}
        self._literals: dict[tuple[Thing, str], tuple[Quantity | str, tuple[str, str]]] = {}
        self._descriptions: dict[Thing, str] = {}
        self._merged: dict[Thing, Thing] = {}

    def thing(self, type_: str, name: str, *, scope: str = "", label: str = "") -> Thing:
        """Return the thing of a type and name, adding it when new.

        Args:
            type_: one of `PROMINENCE`.
            name: a name as the field spells it; the commonest spelling becomes the label.
            scope: what tells it from things of the same type and name, such as its country.
            label: the label to give whatever the spellings.
        """
        fold_name = singular if type_ in _COUNTED else fold
        thing = Thing(_GROUPS.get(type_, type_), fold_name(name) or name, scope)
        thing = self._merged.get(thing, thing)
        self._spellings.setdefault(thing, Counter())[name] += 1
        self._types.setdefault(thing, {})[type_] = None
        if label:
            self._fixed[thing] = label
        return thing

    def merge(self, thing: Thing, alias: str) -> None:
        """Let another name of the same type and scope mean the same thing from now on."""
        self._merged[Thing(thing.group, fold(alias), thing.scope)] = thing
        self.name(thing, alias)

    def name(self, thing: Thing, text: str, language: str = "en") -> None:
        """Add a name of a thing."""
        if text:
            self._names.setdefault(thing, {})[(text, language)] = None

    def describe(self, thing: Thing, text: str) -> None:
        """Set a thing's description unless it has one."""
        if text:
            self._descriptions.setdefault(thing, text)

    def fact(self, h: Thing, r: str, t: Thing, source: tuple[str, str]) -> None:
        """Add a fact; a repeat keeps its first source, and nothing relates to itself."""
        if h != t and (h, r, t) not in self._facts:
            self._facts[(h, r, t)] = source
            self._tails.setdefault((h, r), []).append(t)

    def literal(
        self, thing: Thing, attribute: str, value: Quantity | str, source: tuple[str, str]
    ) -> None:
        """Set an attribute of a thing unless it is set."""
        self._literals.setdefault((thing, attribute), (value, source))

    def value(self, thing: Thing, attribute: str) -> Quantity | str | None:
        """Return an attribute's value, or None when it is not set."""
        found = self._literals.get((thing, attribute))
        return found[0] if found else None

    def names(self, thing: Thing) -> list[str]:
        """Return the English names that a thing has so far."""
        added = [text for text, language in self._names.get(thing, {}) if language == "en"]
        return list(dict.fromkeys([*self._spellings[thing], *added]))

    def facts(self) -> Iterable[tuple[Thing, str, Thing]]:
        """Go through the facts in the order added."""
        return self._facts.keys()

    def tails(self, h: Thing, r: str) -> list[Thing]:
        """Return what a thing relates to so far, in the order added."""
        return self._tails.get((h, r), [])

    def find(self, type_: str, name: str, scope: str = "") -> Thing | None:
        """Return the thing of a type and name when it is known, or None."""
        fold_name = singular if type_ in _COUNTED else fold
        thing = Thing(_GROUPS.get(type_, type_), fold_name(name) or name, scope)
        thing = self._merged.get(thing, thing)
        return thing if thing in self._types else None

    def things(self, type_: str) -> list[Thing]:
        """Return the things that carry a type, in the order added."""
        return [thing for thing, types in self._types.items() if type_ in types]

    def display(self, thing: Thing) -> str:
        """Return the commonest spelling of a thing; ties go to the first in the alphabet."""
        if thing in self._fixed:
            return self._fixed[thing]
        counted = self._spellings[thing]
        return min(counted, key=lambda spelling: (-counted[spelling], spelling))

    def _used(self) -> dict[Thing, None]:
        used: dict[Thing, None] = {}
        for h, _r, t in self._facts:
            used[h] = used[t] = None
        for thing, _attribute in self._literals:
            used[thing] = None
        return used

    def _rank(self, thing: Thing) -> int:
        return min(PROMINENCE.index(type_) for type_ in self._types[thing])

    def type_of(self, thing: Thing) -> str:
        """Return a thing's most prominent type."""
        return min(self._types[thing], key=PROMINENCE.index)

    def labels(self) -> dict[Thing, str]:
        """Give every thing of a fact its own label, bracketed where a name is shared."""
        by_name: dict[str, list[Thing]] = {}
        degree = Counter(end for h, _r, t in self._facts for end in (h, t))
        for thing in self._used():
            by_name.setdefault(fold(self.display(thing)) or self.display(thing), []).append(thing)
        labels: dict[Thing, str] = {}
        for group in by_name.values():
            group.sort(key=lambda thing: (self._rank(thing), -degree[thing], thing))
            types = Counter(self.type_of(thing) for thing in group)
            first = self.type_of(group[0])
            is_shared = types[first] > 1 and first in ("division", "place")
            for i, thing in enumerate(group):
                name, type_ = self.display(thing), self.type_of(thing)
                if i == 0 and not is_shared:
                    labels[thing] = name
                elif types[type_] > 1 and thing.scope:
                    labels[thing] = f"{name} ({type_} {_WHERE[type_]} {thing.scope})"
                else:
                    labels[thing] = f"{name} ({type_})"
        return labels

    def build(self) -> Graph:
        """Label everything and return the graph; things without a fact are left out."""
        labels = self.labels()
        builder = GraphBuilder()
        for thing, label in labels.items():
            types = tuple(sorted(self._types[thing], key=PROMINENCE.index))
            builder.add_entity(label, types=types, description=self._descriptions.get(thing, ""))
            builder.add_name(label, self.display(thing))
        for thing, label in labels.items():
            for spelling in sorted(self._spellings[thing]):
                builder.add_name(label, spelling)
        for thing, label in labels.items():
            for text, language in self._names.get(thing, {}):
                builder.add_name(label, text, language=language)
        for (h, r, t), source in self._facts.items():
            builder.add_fact(labels[h], r, labels[t], source=source)
        for (thing, attribute), (value, source) in self._literals.items():
            if isinstance(value, str):
                builder.add_literal(labels[thing], attribute, value, source=source)
            else:
                builder.add_literal(
                    labels[thing], attribute, value.value,
                    unit=value.unit, year=value.year, source=source,
                )  # fmt: skip
        return builder.build()
