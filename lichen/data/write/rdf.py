"""A graph as N-Triples or Turtle; labels that are no web address become urn:lichen: names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lichen.base.errors import DataError
from lichen.base.extras import need
from lichen.data.graph import Graph, Literal
from lichen.data.read.rdf import DESCRIPTIONS, NAMES, OWN, PROPERTIES, RDF, RDFS, SKOS, XSD
from lichen.data.write.atomic import atomic_file
from lichen.data.write.loss import warn_of_loss

SPECIAL = {RDF + "type", *NAMES, *DESCRIPTIONS, *PROPERTIES}
"""Predicates and types that mean something to the reader."""


def write_ntriples(graph: Graph, path: Path) -> None:
    """Write facts, names, types, descriptions and literals as N-Triples.

    Splits and sources are not kept; ids are numbered anew when the file is read.

    Args:
        graph: what to write.
        path: where; `.gz` compresses.

    Raises:
        DataError: a language code is not valid, or the place cannot be written to.
        MissingExtraError: pyoxigraph is not installed.
    """
    _write(graph, path, "N_TRIPLES")


def write_turtle(graph: Graph, path: Path) -> None:
    """Write facts, names, types, descriptions and literals as Turtle, as `write_ntriples` does.

    Args:
        graph: what to write.
        path: where; `.gz` compresses.

    Raises:
        DataError: a language code is not valid, or the place cannot be written to.
        MissingExtraError: pyoxigraph is not installed.
    """
    _write(graph, path, "TURTLE")


def _write(graph: Graph, path: Path, kind: str) -> None:
    ox = need("pyoxigraph", extra="rdf", why="writing RDF")
    statements = _Writer(ox, graph).statements()
    format_ = getattr(ox.RdfFormat, kind)
    prefixes = {} if kind == "N_TRIPLES" else {"rdf": RDF, "rdfs": RDFS, "skos": SKOS, "xsd": XSD}
    try:
        with atomic_file(path) as file:
            ox.serialize(statements, output=file, format=format_, prefixes=prefixes)
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{path}: languages must be codes such as en or zh-Hant to be saved as RDF; {error}. "
            "Save as .jsonl, or mend the code."
        ) from None
    warn_of_loss(path, {"splits": graph.splits, "sources": graph.sources})


class _Writer:
    """Turn labels into nodes and a graph into statements."""

    def __init__(self, ox: Any, graph: Graph) -> None:
        self.ox = ox
        self.graph = graph
        self.entities = [self.node(label, "entity") for label in graph.entities]
        self.relations = [self.node(label, "relation") for label in graph.relations]

    def node(self, label: str, kind: str) -> Any:
        """Return the label as an IRI: itself when it is one, else a name of ours."""
        if label.startswith(("http://", "https://", "urn:")) and label not in SPECIAL:
            try:
                if not label.startswith(OWN):
                    return self.ox.NamedNode(label)
            except ValueError:
                pass
        return self.ox.NamedNode(f"{OWN}{kind}:{quote(label, safe='')}")

    def statements(self) -> Iterator[Any]:
        """Yield everything but splits and sources."""
        for h, r, t in self.graph.triples.tolist():
            yield self.ox.Triple(self.entities[h], self.relations[r], self.entities[t])
        yield from self._relations()
        yield from self._entities()
        for literal in self.graph.literals:
            yield from self._literal(literal)

    def _relations(self) -> Iterator[Any]:
        label, type_ = self.ox.NamedNode(RDFS + "label"), self.ox.NamedNode(RDF + "type")
        for relation in self.relations:
            yield self.ox.Triple(relation, type_, self.ox.NamedNode(RDF + "Property"))
        for id_, text in self.graph.relation_texts.items():
            yield self.ox.Triple(self.relations[id_], label, self.ox.Literal(text, language="en"))

    def _entities(self) -> Iterator[Any]:
        graph, triple = self.graph, self.ox.Triple
        label, other = self.ox.NamedNode(RDFS + "label"), self.ox.NamedNode(SKOS + "altLabel")
        comment, type_ = self.ox.NamedNode(RDFS + "comment"), self.ox.NamedNode(RDF + "type")
        for node, text in zip(self.entities, graph.entities, strict=True):
            if node.value.startswith(OWN):
                yield triple(node, label, self.ox.Literal(text, language="en"))
        for name in graph.names:
            text = self.ox.Literal(name.text, language=name.language)
            yield triple(self.entities[name.entity], other, text)
        for id_, text in graph.descriptions.items():
            yield triple(self.entities[id_], comment, self.ox.Literal(text))
        for id_, types in graph.types.items():
            for text in types:
                yield triple(self.entities[id_], type_, self.node(text, "type"))

    def _literal(self, literal: Literal) -> Iterator[Any]:
        entity = self.entities[literal.entity]
        attribute = self.node(literal.attribute, "attribute")
        value = self._value(literal.value)
        if literal.unit is None and literal.year is None:
            yield self.ox.Triple(entity, attribute, value)
            return
        box = self.ox.BlankNode()
        yield self.ox.Triple(entity, attribute, box)
        yield self.ox.Triple(box, self.ox.NamedNode(RDF + "value"), value)
        if literal.unit is not None:
            unit = self.ox.NamedNode(OWN + "unit")
            yield self.ox.Triple(box, unit, self.ox.Literal(literal.unit))
        if literal.year is not None:
            year = self.ox.NamedNode(OWN + "year")
            yield self.ox.Triple(box, year, self._value(literal.year))

    def _value(self, value: float | str) -> Any:
        if isinstance(value, str):
            return self.ox.Literal(value)
        kind = "integer" if isinstance(value, int) else "double"
        return self.ox.Literal(repr(value), datatype=self.ox.NamedNode(XSD + kind))
