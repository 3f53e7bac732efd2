"""N-Triples and Turtle into a growing graph, read as a stream by pyoxigraph.

IRIs become labels as they stand, so nothing is lost; rdfs:label and its like become names,
rdf:type becomes types, rdfs:comment and its like descriptions, other literals attributes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lichen.base.extras import need
from lichen.data.builder import GraphBuilder
from lichen.data.read.lines import BadLines, raw_lines

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"
SCHEMA = ("http://schema.org/", "https://schema.org/")

PROPERTIES = {
    RDF + "Property",
    *(f"http://www.w3.org/2002/07/owl#{kind}Property" for kind in ("Object", "Datatype")),
}
"""Types that say of their subject that it is a relation."""

OWN = "urn:lichen:"
"""Labels that are no IRI are written as urn:lichen:KIND:percent-encoded label."""

NAMES = {
    RDFS + "label",
    SKOS + "prefLabel",
    SKOS + "altLabel",
    "http://xmlns.com/foaf/0.1/name",
    *(base + word for base in SCHEMA for word in ("name", "alternateName")),
}
DESCRIPTIONS = {
    RDFS + "comment",
    "http://purl.org/dc/terms/description",
    SKOS + "definition",
    *(base + "description" for base in SCHEMA),
}
BOX = {RDF + "value": "value", OWN + "unit": "unit", OWN + "year": "year"}
"""What a blank node that stands for a value with unit and year carries."""

WHOLE = {XSD + word for word in ("integer", "int", "long", "short", "nonNegativeInteger", "byte")}
NUMBERS = {XSD + word for word in ("decimal", "double", "float")}


def read_ntriples(
    path: Path, builder: GraphBuilder, bad: BadLines, *, split: str | None = None
) -> None:
    """Read N-Triples, one statement a line.

    Args:
        path: the file.
        builder: gets facts, names, types, descriptions and literals.
        bad: told of bad lines.
        split: the split its facts belong to.

    Raises:
        DataError: the file cannot be read, or holds a bad line and `bad` says raise.
        MissingExtraError: pyoxigraph is not installed.
    """
    ox = need("pyoxigraph", extra="rdf", why="reading N-Triples")
    statements = _Statements(builder, split)
    for number, line in enumerate(raw_lines(path), start=1):
        if not line.strip():
            continue
        bad.num_lines += 1
        try:
            for quad in ox.parse(input=line, format=ox.RdfFormat.N_TRIPLES):
                problem = statements.take(quad)
                if problem:
                    bad.found(path, number, problem)
        except SyntaxError as error:
            bad.found(path, number, f"expected an N-Triples statement, found {_why(error)}")
    statements.finish()


def read_turtle(
    path: Path, builder: GraphBuilder, bad: BadLines, *, split: str | None = None
) -> None:
    """Read Turtle; after a bad statement the reader goes on with the next.

    Args:
        path: the file.
        builder: gets facts, names, types, descriptions and literals.
        bad: told of bad statements.
        split: the split its facts belong to.

    Raises:
        DataError: the file cannot be read, or holds a bad statement and `bad` says raise.
        MissingExtraError: pyoxigraph is not installed.
    """
    ox = need("pyoxigraph", extra="rdf", why="reading Turtle")
    statements = _Statements(builder, split)
    stream = _Stream(raw_lines(path))
    quads = iter(ox.parse(input=stream, format=ox.RdfFormat.TURTLE))
    last_bad = 0
    while True:
        try:
            quad = next(quads)
        except StopIteration:
            break
        except SyntaxError as error:
            line = error.lineno or 0
            if line != last_bad:  # one bad statement may be reported more than once
                bad.num_lines += 1
                bad.found(path, line, f"expected a Turtle statement, found {_why(error)}")
            last_bad = line
            continue
        bad.num_lines += 1
        problem = statements.take(quad)
        if problem:
            bad.found(path, stream.num_lines, problem)
    statements.finish()


def _why(error: SyntaxError) -> str:
    return f"a line that cannot be parsed ({str(error.msg).rstrip('.')})"


class _Stream:
    """The little of a binary file that pyoxigraph asks for."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self.lines = lines
        self.rest = b""
        self.num_lines = 0

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, all without a size, none at the end."""
        parts, length = [self.rest], len(self.rest)
        while size < 0 or length < size:
            line = next(self.lines, None)
            if line is None:
                break
            self.num_lines += 1
            parts.append(line)
            length += len(line)
        data = b"".join(parts)
        cut = len(data) if size < 0 else size
        self.rest = data[cut:]
        return data[:cut]


class _Statements:
    """Sort statements into facts, names, types, descriptions and literals."""

    def __init__(self, builder: GraphBuilder, split: str | None) -> None:
        self.builder = builder
        self.split = split
        self.about: list[tuple[str, str, str, str]] = []
        """(kind, subject node, text, language): kept until it is known what is a relation."""
        self.boxes: dict[str, dict[str, Any]] = {}
        """Blank nodes that carry a value with its unit and year."""
        self.relations: set[str] = set()
        """Subjects declared to be properties."""
        self.to_blank: list[tuple[str, str, str]] = []
        self.seen: dict[str, None] = {}

    def take(self, quad: Any) -> str | None:
        """Add one statement, or say what is wrong with it; some wait for `finish`."""
        if hasattr(quad.object, "predicate"):
            return f"expected statements about things, found one about a statement: {quad}"
        subject, predicate, value = label_of(quad.subject), quad.predicate.value, quad.object
        node = subject if subject.startswith("_:") else quad.subject.value
        if hasattr(value, "datatype"):
            self._literal(node, subject, predicate, value)
            return None
        target = label_of(value)
        if predicate == RDF + "type":
            self._type(node, subject, target)
        elif target.startswith("_:"):
            self.to_blank.append((subject, label_of(quad.predicate), target))
        else:
            self._fact(subject, label_of(quad.predicate), target)
        return None

    def _type(self, node: str, subject: str, type_: str) -> None:
        if type_ in PROPERTIES:
            self.relations.add(node)
            self.builder.add_relation(subject)
        else:
            self.about.append(("type", node, type_, ""))

    def _literal(self, node: str, subject: str, predicate: str, value: Any) -> None:
        if subject.startswith("_:") and predicate in BOX:
            self.boxes.setdefault(subject, {})[BOX[predicate]] = number_of(value)
        elif predicate in NAMES:
            self.about.append(("name", node, value.value, value.language or "en"))
        elif predicate in DESCRIPTIONS:
            self.about.append(("description", node, value.value, ""))
        else:
            self._attribute(subject, decoded(predicate), {"value": number_of(value)})

    def _fact(self, h: str, r: str, t: str) -> None:
        self.builder.add_fact(h, r, t, split=self.split)
        self.seen.update({h: None, t: None})

    def _attribute(self, subject: str, attribute: str, box: dict[str, Any]) -> None:
        year = box.get("year")
        unit = box.get("unit")
        self.seen[subject] = None
        self.builder.add_literal(
            subject,
            attribute,
            box["value"],
            unit=None if unit is None else str(unit),
            year=year if isinstance(year, int) else None,
        )

    def finish(self) -> None:
        """Add what had to wait, and a readable name where an IRI has none."""
        for h, r, t in self.to_blank:
            if "value" in self.boxes.get(t, {}):
                self._attribute(h, r, self.boxes[t])
            else:
                self._fact(h, r, t)
        named = set()
        for kind, node, text, language in self.about:
            subject = decoded(node)
            if self._is_relation(node, subject):
                if kind == "name" and language.startswith("en"):
                    self.builder.add_relation(subject, text=text)
            elif kind == "name":
                named.add(subject)
                self.builder.add_name(subject, text, language=language)
            elif kind == "type":
                self.builder.add_entity(subject, types=(text,))
            else:
                self.builder.add_entity(subject, description=text)
        for subject in self.seen:
            if subject not in named:
                self.builder.add_name(subject, local_name(subject))

    def _is_relation(self, node: str, label: str) -> bool:
        if node.startswith(OWN):
            return node in self.relations
        is_entity = self.builder.has_entity(label)
        return not is_entity and self.builder.has_relation(label)


def label_of(node: Any) -> str:
    """Return the label of an IRI or a blank node."""
    is_blank = not str(node).startswith("<")
    return f"_:{node.value}" if is_blank else decoded(node.value)


def decoded(iri: str) -> str:
    """Return the label that an IRI stands for.

    >>> decoded("urn:lichen:entity:S%C3%A3o%20Tom%C3%A9"), decoded("http://a.org/b")
    ('São Tomé', 'http://a.org/b')
    """
    if not iri.startswith(OWN):
        return iri
    return unquote(iri.removeprefix(OWN).partition(":")[2])


def local_name(iri: str) -> str:
    """Return the readable end of a web address, or "" for any other label.

    >>> local_name("http://dbpedia.org/resource/New_York")
    'New York'
    """
    if not iri.startswith(("http://", "https://")):
        return ""
    end = iri.rstrip("/#").replace("#", "/").rpartition("/")[2]
    return unquote(end).replace("_", " ").strip()


def number_of(literal: Any) -> float | str:
    """Return a literal as int or float where its datatype says so and it is finite."""
    text, kind = str(literal.value), literal.datatype.value
    try:
        if kind in WHOLE:
            return int(text)
        if kind in NUMBERS and math.isfinite(float(text)):
            return float(text)
    except ValueError:
        return text
    return text
