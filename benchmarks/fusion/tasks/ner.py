"""BC5CDR: which words of a sentence name a chemical or a disease, with the TTD's drugs and uses."""

from __future__ import annotations

import re
from functools import cache

from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Document, LabelledSpan, Mention, Span
from lichen.data.graph import Graph
from tasks.cdr import KINDS, Abstract, abstracts
from tasks.task import Task, coverage, drawn, mention
from tasks.ttd import normal, uses

LONGEST = 5
"""Words of one name that text is searched for."""
SHORTEST = 3
"""Characters of a name that is searched for; shorter ones mean too many things."""
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'-]*")


def load(**sizes: int) -> Task:
    """Return the sentences with their chemicals and diseases as labelled spans."""
    parts, graph = _documents()
    corpus = drawn(*parts, **sizes)
    return Task(
        name="ner",
        corpus=corpus,
        graph=graph,
        note=(
            "TTD: drugs, the diseases that they are given for, targets and the ICD-11 block of "
            "diseases; words of a sentence that spell a name of TTD are linked to it, the longest "
            f"match, whatever the corpus says of them. {coverage(corpus)}"
        ),
    )


@cache
def _documents() -> tuple[list[list[Document]], Graph]:
    graph = _graph()
    parts = [
        [doc for abstract in abstracts(part) for doc in _sentences(abstract, graph)]
        for part in ("train", "dev", "test")
    ]
    return parts, graph


def _graph() -> Graph:
    builder = GraphBuilder()
    for use in uses():
        ends = normal(use.name), normal(use.disease)
        if all(ends):
            builder.add_fact(ends[0], use.relation, ends[1])
            if use.icd:
                builder.add_fact(ends[1], "classified in", f"ICD-11 block {use.icd[:2]}")
    return builder.build()


def _sentences(abstract: Abstract, graph: Graph) -> list[Document]:
    ends = [match.end() for match in re.finditer(r"[.?!] (?=[A-Z0-9])", abstract.text)]
    named = {(n.start, n.end): n.kind for n in abstract.named if n.kind in KINDS}
    out = []
    for number, (a, b) in enumerate(zip([0, *ends], [*ends, len(abstract.text)], strict=True)):
        spans: list[LabelledSpan] = []
        for (start, end), kind in sorted(named.items()):
            if a <= start and end <= b and (not spans or spans[-1].span.end <= start - a):
                spans.append(LabelledSpan(Span(start - a, end - a), kind))
        text = abstract.text[a:b].rstrip()
        if text:
            out.append(
                Document(
                    id=f"{abstract.id}-{number}",
                    text=text,
                    mentions=tuple(_linked(text, graph)),
                    spans=tuple(spans),
                )
            )
    return out


def _linked(text: str, graph: Graph) -> list[Mention]:
    words = [(m.start(), m.end()) for m in WORD.finditer(text)]
    found, at = [], 0
    while at < len(words):
        for size in range(min(LONGEST, len(words) - at), 0, -1):
            start, end = words[at][0], words[at + size - 1][1]
            name = normal(text[start:end])
            entity = graph.entities.get(name) if len(name) >= SHORTEST else None
            if entity is not None:
                found.append(mention(start, end, entity))
                break
        at += size
    return found
