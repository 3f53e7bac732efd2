"""Statements about the UMLS semantic network: is a medical sentence true."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from lichen.data.corpus import Document, Mention, Span
from lichen.data.graph import Graph, Ids
from tasks.task import HELD_OUT, Task, coverage, data, drawn


def load(**sizes: int) -> Task:
    """Return facts of the test part as sentences, true or with another tail of the relation.

    Sentences to learn from are about validation facts. None of them is in the graph, the training
    facts, so it can only tell what is plausible.
    """
    train, test, graph = _documents()
    corpus = drawn(train, None, test, **sizes)
    return Task(
        name="umls",
        corpus=corpus,
        graph=graph,
        note=(
            "The training facts of the UMLS semantic network; mentions come with the sentences, "
            f"which are about other facts. {coverage(corpus)}"
        ),
    )


def statements(
    graph: Graph, facts: Ids, rng: np.random.Generator, split: str
) -> Iterator[Document]:
    """Yield each fact as a sentence, and with a tail that its relation has elsewhere."""
    r_of, t_of = graph.triples[:, 1], graph.triples[:, 2]
    tails = {r: np.unique(t_of[r_of == r]) for r in range(graph.num_relations)}
    for i, (h, r, t) in enumerate(facts.tolist()):
        false = [x for x in tails[r].tolist() if (h, r, x) not in graph and x != h]
        pairs = [("true", t)] + ([("false", int(rng.choice(false)))] if false else [])
        for label, tail in pairs:
            head, end = (graph.entities[x].replace("_", " ") for x in (h, tail))
            text = f"{head} {graph.relation_text(r)} {end}"
            spans = Span(0, len(head)), Span(len(text) - len(end), len(text))
            mentions = (Mention(spans[0], h), Mention(spans[1], tail))
            name = f"{split}-{i}-{label}"
            yield Document(id=name, text=text, label=label, split=split, mentions=mentions)


@cache
def _documents() -> tuple[list[Document], list[Document], Graph]:
    whole = Graph.load(data("kgc_small") / "umls")
    rng = np.random.default_rng(HELD_OUT)
    train, test = (
        list(statements(whole, whole.split(name), rng, name)) for name in ("valid", "test")
    )
    return train, test, whole.select(whole.splits["train"])
