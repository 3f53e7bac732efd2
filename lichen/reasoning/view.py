"""A live view of facts: built from a graph or a store, kept current by the store's changes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from lichen.data.graph import Graph, Literal, Name, Source
from lichen.data.query import Step

if TYPE_CHECKING:
    from lichen.store.records import Changes, Fact
    from lichen.store.store import Store

Ends = dict[int, None]


class FactView:
    """Facts by entity and step over dictionaries, changed in place fact by fact.

    Args:
        source: a graph, which stays as it is, or an open store, which `refresh` follows. Of a
            store only what holds today counts.

    >>> view = FactView(Graph.from_triples([("Austria", "capital", "Vienna")]))
    >>> view.labels[view.ends(0, Step("capital"))[0]], view.steps_of(1)
    ('Vienna', {'capital<'})
    """

    def __init__(self, source: Graph | Store) -> None:
        self.store = None if isinstance(source, Graph) else source
        self.version = 0
        if isinstance(source, Graph):
            graph = source
        else:
            self.version = source.version
            graph = source.snapshot(_today())
        self.graph = graph
        self.labels: list[str] = list(graph.entities)
        """Entity labels by id."""
        self.relations: dict[str, int] = {label: i for i, label in enumerate(graph.relations)}
        """Relation label to id, in id order."""
        self.attributes: dict[str, int] = {}
        """Attribute to how many values it has; those named after an entity are left out."""
        self.symmetric: set[str] = set()
        """Relations that hold in both directions, which are followed both ways."""
        self._links: dict[int, dict[str, Ends]] = {}
        self._types: dict[int, tuple[str, ...]] = dict(graph.types)
        self.types: dict[str, Ends] = {}
        """Type to its entities."""
        self._names: dict[tuple[int, str], str] = {}
        self._spellings: set[tuple[int, str]] = set()
        self._literals: dict[int, dict[str, list[Literal]]] = {}
        self._live_sources: dict[tuple[int, str, int], tuple[Source, ...]] = {}
        self._head_types: dict[str, Counter[str]] = {}
        relations = list(graph.relations)
        for h, r, t in graph.triples.tolist():
            self._add(h, relations[r], t)
        for entity, types in graph.types.items():
            for name in types:
                self.types.setdefault(name, {})[entity] = None
        for name_ in graph.names:
            self._add_name(name_)
        for literal in graph.literals:
            self._add_literal(literal)
        self.symmetric = {r for r in self.relations if self._is_symmetric(r)}

    def refresh(self) -> Changes | None:
        """Take in what changed in the store and return it; None when nothing did."""
        if self.store is None:
            return None
        changes = self.store.changes(self.version)
        self.version = changes.until
        if changes.is_empty:
            return None
        self.apply(changes)
        return changes

    def apply(self, changes: Changes) -> None:
        """Take in changes: entities first, then what is gone, then what is new."""
        for entity in changes.entities:
            while len(self.labels) <= entity.id:
                self.labels.append("")
            self.labels[entity.id] = entity.label
            self._types[entity.id] = entity.types
            for name in entity.types:
                self.types.setdefault(name, {})[entity.id] = None
        for label in changes.relations:
            self.relations.setdefault(label, len(self.relations))
        for fact in changes.retracted:
            self._remove(fact.triple[0], fact.relation, fact.triple[2])
        for fact in _holding(changes.inserted, _today()):
            h, _, t = fact.triple
            self._add(h, fact.relation, t)
            self._live_sources[(h, fact.relation, t)] = fact.sources
        for found in changes.names:
            self._add_name(found)
        for literal in changes.retracted_literals:
            self._remove_literal(literal)
        for literal in changes.literals:
            self._add_literal(literal)

    def steps_of(self, entity: int) -> set[str]:
        """Return the keys of the steps that lead somewhere from an entity."""
        found = set(self._links.get(entity, ()))
        for relation in self.symmetric:
            if f"{relation}<" in found:
                found.discard(f"{relation}<")
                found.add(f"{relation}>")
        return found

    def ends(self, entity: int, step: Step) -> tuple[int, ...]:
        """Return where a step leads to from an entity, in the order the facts came."""
        links = self._links.get(entity, {})
        found = links.get(step.key, {})
        if step.relation in self.symmetric:
            other = step._replace(forward=not step.forward).key
            found = {**found, **links.get(other, {})}
        return tuple(found)

    def has(self, h: int, relation: str, t: int) -> bool:
        """Say whether a fact holds as it stands."""
        return t in self._links.get(h, {}).get(f"{relation}>", {})

    def follow(self, entities: Iterable[int], step: Step) -> tuple[int, ...]:
        """Return where a step leads to from any of the entities, each once."""
        found: Ends = {}
        for entity in entities:
            found.update(dict.fromkeys(self.ends(entity, step)))
        return tuple(found)

    def of_type(self, name: str) -> tuple[int, ...]:
        """Return the entities of a type."""
        return tuple(self.types.get(name, {}))

    def types_of(self, entity: int) -> tuple[str, ...]:
        """Return an entity's types, the most specific first."""
        return self._types.get(entity, ())

    def name(self, entity: int, language: str = "en") -> str:
        """Return an entity's name in a language, or its label."""
        label = self.labels[entity]
        return label if language == "en" else self._names.get((entity, language), label)

    def is_name(self, entity: int, words: str) -> bool:
        """Say whether words are exactly a name of an entity, letter case and "the" aside."""
        spelt = _plain(words)
        return spelt == _plain(self.labels[entity]) or (entity, spelt) in self._spellings

    def literal(self, entity: int, attribute: str) -> Literal | None:
        """Return the latest value of an attribute, or None."""
        found = self._literals.get(entity, {}).get(attribute)
        return max(found, key=lambda one: one.year or 0) if found else None

    def attributes_of(self, entity: int) -> set[str]:
        """Return the attributes of which an entity has a value."""
        return {name for name, found in self._literals.get(entity, {}).items() if found}

    def sources(self, h: int, relation: str, t: int) -> tuple[Source, ...]:
        """Return where a fact was read."""
        live = self._live_sources.get((h, relation, t))
        if live is not None:
            return live
        r = self.graph.relations.get(relation)
        row = None if r is None else self.graph.row(h, r, t)
        source = None if row is None else self.graph.source(row)
        return () if source is None else (source,)

    def literal_sources(self, literal: Literal) -> tuple[Source, ...]:
        """Return where a value was read."""
        return (self.graph.sources[literal.source],) if literal.source >= 0 else ()

    def ends_of(self, relation: str) -> tuple[str, str]:
        """Return the commonest types of heads and of tails of a relation, or "thing"."""

        def first(side: str) -> str:
            seen = self._head_types.get(relation + side)
            return max(seen, key=lambda name: (seen[name], name)) if seen else "thing"

        return first(">"), first("<")

    def without(
        self, facts: Iterable[tuple[int, str, int]], literals: Iterable[Literal] = ()
    ) -> FactView:
        """Return a copy, no longer live, in which some facts and values do not hold."""
        other = FactView(self.graph)
        other.__dict__.update(
            {
                key: (value if key == "graph" else _copied(value))
                for key, value in self.__dict__.items()
                if key != "store"
            }
        )
        other.store = None
        for h, relation, t in facts:
            other._remove(h, relation, t)
        for literal in literals:
            other._remove_literal(literal)
        return other

    def _add(self, h: int, relation: str, t: int) -> None:
        self._links.setdefault(h, {}).setdefault(f"{relation}>", {})[t] = None
        self._links.setdefault(t, {}).setdefault(f"{relation}<", {})[h] = None
        for side, entity in ((">", h), ("<", t)):
            for name in self._types.get(entity, ())[:1]:
                self._head_types.setdefault(relation + side, Counter())[name] += 1

    def _remove(self, h: int, relation: str, t: int) -> None:
        for entity, key, end in ((h, f"{relation}>", t), (t, f"{relation}<", h)):
            links = self._links.get(entity, {})
            links.get(key, {}).pop(end, None)
            if key in links and not links[key]:
                del links[key]
        self._live_sources.pop((h, relation, t), None)

    def _add_name(self, name: Name) -> None:
        self._names.setdefault((name.entity, name.language), name.text)
        self._spellings.add((name.entity, _plain(name.text)))

    def _add_literal(self, literal: Literal) -> None:
        own = self._literals.setdefault(literal.entity, {})
        own.setdefault(literal.attribute, []).append(literal)
        if " " not in literal.attribute:
            self.attributes[literal.attribute] = self.attributes.get(literal.attribute, 0) + 1

    def _remove_literal(self, literal: Literal) -> None:
        kept = self._literals.get(literal.entity, {}).get(literal.attribute, [])
        kept[:] = [x for x in kept if (x.value, x.unit, x.year) != literal[2:5]]

    def _is_symmetric(self, relation: str) -> bool:
        pairs = [
            (links.get(f"{relation}>", {}), links.get(f"{relation}<", {}))
            for links in self._links.values()
        ]
        return any(ahead for ahead, _ in pairs) and all(
            ahead.keys() == back.keys() for ahead, back in pairs
        )


def _today() -> date:
    return datetime.now().astimezone().date()


def _holding(facts: Iterable[Fact], day: date) -> list[Fact]:
    """Return the facts whose period of validity includes a day."""
    return [f for f in facts if (f.valid_from or day) <= day <= (f.valid_to or day)]


def _plain(words: str) -> str:
    return re.sub(r" \([^)]*\)$", "", words.casefold()).removeprefix("the ").rstrip("s")


def _copied(value: object) -> object:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return value.copy() if isinstance(value, list | set) else value
