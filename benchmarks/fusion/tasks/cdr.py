"""BC5CDR: does an abstract say that a chemical induces a disease, with TTD's uses of drugs."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import NamedTuple

from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Document
from lichen.data.graph import Graph
from tasks.pairs import Place, marked
from tasks.task import Task, coverage, data, drawn
from tasks.ttd import normal, uses

KINDS = ("Chemical", "Disease")
LONGEST = 600
"""Characters of the sentences that are kept."""
MOST_FACTS = 40
"""Facts kept of one drug or disease, approved uses first."""


class Named(NamedTuple):
    """A mention of the corpus."""

    start: int
    end: int
    text: str
    kind: str
    id: str


class Abstract(NamedTuple):
    """One document of the corpus."""

    id: str
    text: str
    named: list[Named]
    induced: set[tuple[str, str]]


def load(**sizes: int) -> Task:
    """Return pairs of a chemical and a disease of one abstract; "right" is "induces"."""
    parts, graph = _documents()
    corpus = drawn(*parts.values(), **sizes)
    return Task(
        name="cdr",
        corpus=corpus,
        graph=graph,
        note=(
            "TTD: what drugs are approved or studied for, in which diseases targets are, and the "
            "ICD-11 block of diseases, linked by normalised name through the corpus's MeSH ids; "
            "an id that TTD lacks is NIL. The text is 'chemical ; disease : sentences that name "
            "both'. The corpus asks what a drug induces, TTD says what it treats; a pair of the "
            f"test part is in no training document. {coverage(corpus)}"
        ),
    )


@cache
def _documents() -> tuple[dict[str, list[Document]], Graph]:
    whole = {part: abstracts(part) for part in ("train", "dev", "test")}
    graph = _graph([x for found in whole.values() for x in found])
    tested = {pair for x in whole["test"] for pair in _pairs(x)}
    return {
        part: [
            _document(x, pair, graph)
            for x in found
            for pair in _pairs(x)
            if part == "test" or pair not in tested
        ]
        for part, found in whole.items()
    }, graph


def abstracts(part: str) -> list[Abstract]:
    """Return the abstracts of a part of the corpus: train, dev or test."""
    path = data("re_el_bc5cdr") / f"CDR_{part}.PubTator.txt"
    found = []
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        title, abstract, *rows = block.split("\n")
        fields = [row.split("\t") for row in rows]
        named = [
            Named(int(f[1]), int(f[2]), f[3], f[4], id_)
            for f in fields
            if len(f) >= 6
            for id_ in f[5].split("|")
            if id_ != "-1"
        ]
        induced = {(f[2], f[3]) for f in fields if f[1] == "CID"}
        text = f"{title.split('|', 2)[2]} {abstract.split('|', 2)[2]}"
        found.append(Abstract(fields[0][0], text, named, induced))
    return found


def _pairs(abstract: Abstract) -> list[tuple[str, str]]:
    ids = [dict.fromkeys(n.id for n in abstract.named if n.kind == kind) for kind in KINDS]
    return [(chemical, disease) for chemical in ids[0] for disease in ids[1]]


def _document(abstract: Abstract, pair: tuple[str, str], graph: Graph) -> Document:
    """Return the sentence that names both, or the first of each."""
    ends = [match.end() for match in re.finditer(r"[.?!] (?=[A-Z0-9])", abstract.text)]
    bounds = list(zip([0, *ends], [*ends, len(abstract.text)], strict=True))
    inside = [
        {i: n.text for n in reversed(abstract.named) if n.id == id_
         for i, (a, b) in enumerate(bounds) if a <= n.start and n.end <= b}
        for id_ in pair
    ]  # fmt: skip
    both = sorted(inside[0].keys() & inside[1].keys())
    chosen = both[:1] or sorted({min(of, default=0) for of in inside})
    half = LONGEST // len(chosen)
    text = " ".join(abstract.text[slice(*bounds[i])].strip()[:half] for i in chosen)
    places = []
    for id_, of in zip(pair, inside, strict=True):
        name = next((of[i] for i in chosen if i in of), "")
        start = max(text.find(name), 0) if name in text else 0
        places.append(Place(start, start + max(len(name), 1), graph.entities.get(id_)))
    label = "right" if pair in abstract.induced else "wrong"
    return marked(f"{abstract.id}-{'-'.join(pair)}", text, *places, label=label)


def _graph(whole: list[Abstract]) -> Graph:
    """Return the uses of the drugs and the care of the diseases that abstracts name."""
    builder = GraphBuilder()
    called: dict[str, Counter[str]] = {}
    for abstract in whole:
        for named in abstract.named:
            called.setdefault(named.id, Counter())[named.text] += 1
    ids = {normal(name): id_ for id_, names in called.items() for name in reversed(names)}
    told: Counter[str] = Counter()
    for use in uses():
        ends = [ids.get(normal(use.name)), ids.get(normal(use.disease))]
        known = [end for end in ends if end]
        if not known or min(told[end] for end in known) >= MOST_FACTS:
            continue
        told.update(known)
        drug, disease = ends[0] or use.name, ends[1] or use.disease
        builder.add_fact(drug, use.relation, disease)
        if use.icd:
            block = f"ICD-11 block {use.icd[:2]}"
            builder.add_fact(disease, "classified in", block)
    for id_, names in called.items():
        if builder.has_entity(id_):
            for name, _ in names.most_common(3):
                builder.add_name(id_, name)
    return builder.build()
