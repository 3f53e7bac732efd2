"""A graph's descriptions -> mentions in them whose entity the graph itself tells.

A usage example, quoted in an entity's description, holds one of that entity's names. A
description that holds the name of a neighbour means that neighbour: "a person who drives mules"
under "mule driver", derived from "mule", means the animal. Neither needs an annotated text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from lichen.data.corpus import Span
from lichen.data.graph import Graph

_QUOTED = re.compile(r'"([^"]*)"')
_QUOTES = re.compile(r'[;:,]?\s*"[^"]*"[^;]*')
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_ENDINGS = frozenset(
    ("", "s", "es", "ed", "d", "ing", "er", "est", "r", "st", "n", "en", "'s", "’s")
)
_ENDINGS_OF_E = frozenset(("ing", "ed", "er", "est"))
_ENDINGS_OF_Y = frozenset(("ies", "ied", "ier", "iest"))


class Lesson(NamedTuple):
    """One mention in a text of the graph, with the entity that it means."""

    text: str
    span: Span
    entity: int
    candidates: tuple[int, ...]
    """The entities of that name, the most usual first; `entity` is among them."""
    source: int
    """The entity whose description holds the text."""


class Inventory:
    """The entities that each name may mean, the most usual first.

    Args:
        graph: whose names they are.
        order: name to entities, the most usual first, instead of the graph's names; where the
            graph's own order says nothing, such as with an alphabetical one, a ranking by use
            is worth giving.

    >>> graph = Graph.from_triples([("Paris", "in", "France")])
    >>> Inventory(graph).of("paris")
    (0,)
    """

    def __init__(self, graph: Graph, order: Mapping[str, Sequence[int]] | None = None) -> None:
        self._graph = graph
        self._entities: dict[str, tuple[int, ...]] = {}
        if order is not None:
            self._entities = {name.lower(): tuple(found) for name, found in order.items()}
            return
        grouped: dict[str, dict[int, None]] = {}
        for entity in range(graph.num_entities):
            for name in graph.names_of(entity):
                grouped.setdefault(name.lower(), {})[entity] = None
        self._entities = {name: tuple(found) for name, found in grouped.items()}

    def of(self, name: str, *, like: int | None = None) -> tuple[int, ...]:
        """Return the entities of a name, the most usual first.

        Args:
            name: in any case.
            like: keep the entities that share a type with this one, as a reader would who knows
                the part of speech; None keeps all.
        """
        found = self._entities.get(name.lower(), ())
        if like is None:
            return found
        types = frozenset(self._graph.types_of(like))
        return tuple(e for e in found if not types or not types.isdisjoint(self._graph.types_of(e)))


def definition(description: str) -> str:
    """Return a description without the usage examples it quotes.

    >>> definition('open violently; "kick in the doors"')
    'open violently'
    """
    return _QUOTES.sub("", description).strip(" ;")


def usages(description: str) -> tuple[str, ...]:
    """Return the usage examples that a description quotes.

    >>> usages('open violently; "kick in the doors"')
    ('kick in the doors',)
    """
    return tuple(x.strip() for x in _QUOTED.findall(description) if x.strip())


def lessons(graph: Graph, inventory: Inventory | None = None) -> list[Lesson]:
    """Return the mentions of ambiguous names that the graph's descriptions hold.

    Args:
        graph: with descriptions.
        inventory: the entities of each name; None takes the graph's names.

    Returns:
        In order of the describing entity, its usage examples first.
    """
    known = inventory or Inventory(graph)
    near: dict[int, dict[int, None]] = {}
    for h, _, t in graph.triples.tolist():
        near.setdefault(h, {})[t] = None
    found: list[Lesson] = []
    for source in sorted(graph.descriptions):
        description = graph.descriptions[source]
        for text in usages(description):
            found += _mentions(graph, known, text, (source,), source)
        found += _mentions(graph, known, definition(description), near.get(source, ()), source)
    return found


def _mentions(
    graph: Graph, known: Inventory, text: str, entities: Iterable[int], source: int
) -> Iterator[Lesson]:
    """Yield where a text names the entities; a stretch means the first that it names."""
    words = [(word.group().lower(), Span(*word.span())) for word in _WORD.finditer(text)]
    own = {name.lower() for name in graph.names_of(source)}
    taken: set[Span] = set()
    for entity in entities:
        for name in graph.names_of(entity):
            if entity != source and name.lower() in own:
                continue  # whose name it is cannot be told
            candidates = known.of(name, like=entity)
            if len(candidates) < 2 or entity not in candidates:
                continue
            span = find(words, name.lower())
            if span is not None and span not in taken:
                taken.add(span)
                yield Lesson(text, span, entity, candidates, source)
                break


def find(words: Sequence[tuple[str, Span]], name: str) -> Span | None:
    """Return the first stretch of words that is a name, inflected or not; None without one.

    Args:
        words: of a text, in lower case, with their places.
        name: in lower case.

    >>> find([("two", Span(0, 3)), ("mules", Span(4, 9))], "mule")
    Span(start=4, end=9)
    """
    parts = name.split()
    for first in range(len(words) - len(parts) + 1 if parts else 0):
        stretch = words[first : first + len(parts)]
        if all(is_form(word, part) for (word, _), part in zip(stretch, parts, strict=True)):
            return Span(stretch[0][1].start, stretch[-1][1].end)
    return None


def is_form(word: str, name: str) -> bool:
    """Say whether a word is a regular English inflection of a name's word, or the word itself.

    >>> is_form("carries", "carry"), is_form("stopped", "stop"), is_form("card", "car")
    (True, True, False)
    """
    if word == name:
        return True
    if len(name) < 3:
        return word == name + "s"
    rest = word.removeprefix(name)
    if rest != word:
        is_doubled = rest[:1] == name[-1] and rest[1:] in _ENDINGS_OF_E
        takes_d = name[-1] == "e" or rest not in ("d", "r", "st", "n")
        return is_doubled or (rest in _ENDINGS and takes_d)
    if not word.startswith(name[:-1]):
        return False
    rest = word[len(name) - 1 :]
    return rest in _ENDINGS_OF_Y if name[-1] == "y" else name[-1] == "e" and rest in _ENDINGS_OF_E
