"""PubMedQA: does an abstract answer its question with yes, no or maybe, with TTD's facts."""

from __future__ import annotations

import json
from functools import cache

from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Document, Mention
from lichen.data.graph import Graph
from lichen.linking.mentions import MentionFinder
from tasks.task import MOST_MENTIONS, Task, coverage, data, deal, drawn, mention
from tasks.ttd import normal, uses

SHARES = (0.6, 0.1, 0.3)
"""Of the 500 questions in training, validation and test."""
READ = 1200
"""Characters of the context that are kept, about what an encoder of 256 tokens reads."""
VAGUE = frozenset(("group", "event", "activity", "behavior", "language", "entity", "age group"))
"""Types of UMLS whose names are words of any abstract."""
MOST_FACTS = 30
"""Facts kept of one entity."""


def load(**sizes: int) -> Task:
    """Return the questions with the start of their context; the conclusion is not shown."""
    parts, graph = _documents()
    corpus = drawn(*parts, **sizes)
    return Task(
        name="pubmedqa",
        corpus=corpus,
        graph=graph,
        note=(
            "TTD: uses of drugs, diseases of targets, ICD-11 blocks; the UMLS semantic network; "
            f"names found in question and context (first {READ} characters). {coverage(corpus)}"
        ),
    )


@cache
def _documents() -> tuple[list[list[Document]], Graph]:
    found = json.loads((data("qa_pubmedqa") / "pqal_train500.json").read_text(encoding="utf-8"))
    texts = {
        id_: f"{row['QUESTION']} {' '.join(row['CONTEXTS'])[:READ]}" for id_, row in found.items()
    }
    graph, finder = _knowledge(" ".join(map(normal, texts.values())))
    docs = [
        Document(
            id=id_,
            text=text,
            label=found[id_]["final_decision"],
            mentions=_mentions(text, finder),
            meta={"question": found[id_]["QUESTION"]},
        )
        for id_, text in texts.items()
    ]
    parts = deal([doc.id for doc in docs], SHARES)
    return [[docs[i] for i in part] for part in parts], graph


def _mentions(text: str, finder: MentionFinder) -> tuple[Mention, ...]:
    found = finder.find(text)[:MOST_MENTIONS]
    return tuple(mention(*hit.span, hit.entities[0]) for hit in found)


def _knowledge(words: str) -> tuple[Graph, MentionFinder]:
    """Return the facts around the drugs and diseases that stand in some text, and their finder."""
    builder = GraphBuilder()
    padded = f" {words} "
    named = dict.fromkeys(name for use in uses() for name in (use.name, use.disease))
    known = dict.fromkeys(
        name for name in named if len(normal(name)) > 3 and f" {normal(name)} " in padded
    )
    told: dict[str, int] = {}
    for use in uses():
        ends = [name for name in (use.name, use.disease) if name in known]
        if not ends or min(told.get(name, 0) for name in ends) >= MOST_FACTS:
            continue
        told.update({name: told.get(name, 0) + 1 for name in ends})
        builder.add_fact(use.name, use.relation, use.disease)
        if use.icd:
            builder.add_fact(use.disease, "classified in", f"ICD-11 block {use.icd[:2]}")
    folder = data("kgc_small") / "umls"
    texts = _table("entity2text.txt")
    long = _table("entity2textlong.txt")
    for label, text in texts.items():
        builder.add_entity(label, description=long.get(label, ""), types=("semantic type",))
        builder.add_name(label, text)
    for line in (folder / "train.txt").read_text(encoding="utf-8").splitlines():
        builder.add_fact(*line.split("\t"))
    graph = builder.build()
    spoken = {graph.entities.id(name): name for name in known if name in graph.entities}
    spoken |= {graph.entities.id(label): text for label, text in texts.items() if text not in VAGUE}
    return graph, MentionFinder(spoken.items())


def _table(file: str) -> dict[str, str]:
    lines = (data("kgc_small") / "umls" / file).read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if "\t" in line)
