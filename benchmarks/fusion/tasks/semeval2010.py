"""SemEval-2010 Task 8: which relation holds between two nouns, with WordNet's kinds of things."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Document
from lichen.data.graph import Graph
from tasks.task import Task, coverage, data, drawn, mention
from tasks.wordnet import Synset, wordnet

ENDS_NAME = frozenset(("of", "in", "for", "with", "on", "to", "from", "and", "by", "at"))
"""Words after which nothing of a name is its head."""


def load(**sizes: int) -> Task:
    """Return SemEval-2010 Task 8; the direction is part of the label, as e1 comes first."""
    parts, graph = _documents()
    corpus = drawn(*parts.values(), **sizes)
    return Task(
        name="semeval2010",
        corpus=corpus,
        graph=graph,
        note=(
            "WordNet 3.0 hypernyms and kinds of the first sense of both nominals' head nouns; "
            f"a noun that it lacks is NIL. {coverage(corpus)}"
        ),
    )


@cache
def _documents() -> tuple[dict[str, list[Document]], Graph]:
    rows = {}
    for part in ("train", "val", "test"):
        lines = (data("re_semeval2010") / f"{part}.txt").read_text(encoding="utf-8").splitlines()
        rows[part] = [json.loads(line) for line in lines]
    heads = {
        name: head
        for found in rows.values()
        for row in found
        for name in (row["h"]["name"], row["t"]["name"])
        if (head := head_noun(name)) is not None
    }
    graph = nouns(sorted(set(heads.values())))
    ids = {name: graph.entities.id(head) for name, head in heads.items()}
    return {
        part: [_document(row, f"{part}-{i}", ids) for i, row in enumerate(found)]
        for part, found in rows.items()
    }, graph


def _document(row: dict[str, Any], id_: str, ids: dict[str, int]) -> Document:
    ends = []
    for role in ("h", "t"):
        first, last = row[role]["pos"]
        start = len(" ".join([*row["token"][:first], ""]))
        end = len(" ".join(row["token"][:last]))
        ends.append(mention(start, end, ids.get(row[role]["name"])))
    return Document(
        id=id_, text=" ".join(row["token"]), label=row["relation"], mentions=tuple(ends)
    )


def head_noun(name: str) -> str | None:
    """Return the noun of WordNet that a nominal is one of, such as "hot water" for "water"."""
    words = name.lower().split()
    cut = next((i for i, word in enumerate(words) if i and word in ENDS_NAME), len(words))
    for start in range(cut):
        bases = wordnet().bases("_".join(words[start:cut]), "n")
        if bases:
            return max(bases, key=lambda base: wordnet().used.get((base, "n"), 0))
    return None


def nouns(words: list[str]) -> Graph:
    """Return what nouns mean first, all that it is a kind of, and the broad kinds of things."""
    net, builder = wordnet(), GraphBuilder()
    builder.add_relation("sense", text="means")
    builder.add_relation("hypernym", text="is a kind of")
    builder.add_relation("kind", text="belongs to")
    queue: list[Synset] = []
    for word in words:
        synset = net.first_sense(word, "n")
        builder.add_entity(word, types=("word",), description=synset.definition)
        builder.add_name(word, word.replace("_", " "))
        builder.add_fact(word, "sense", _synset(builder, synset))
        builder.add_fact(word, "kind", _kind(builder, synset))
        queue.append(synset)
    done: set[str] = set()
    while queue:
        synset = queue.pop()
        if synset.key in done:
            continue
        done.add(synset.key)
        builder.add_fact(_synset(builder, synset), "kind", _kind(builder, synset))
        for pointer in synset.pointers:
            if pointer.symbol in ("@", "@i"):
                above = net.synsets[pointer.target]
                builder.add_fact(_synset(builder, synset), "hypernym", _synset(builder, above))
                queue.append(above)
    return builder.build()


def _synset(builder: GraphBuilder, synset: Synset) -> str:
    label = wordnet().labels[synset.key]
    builder.add_entity(label, types=(synset.file,), description=synset.definition)
    builder.add_name(label, synset.words[0].replace("_", " "))
    return label


def _kind(builder: GraphBuilder, synset: Synset) -> str:
    label = f"kind: {synset.file}"
    builder.add_entity(label, types=("kind",))
    builder.add_name(label, synset.file.removeprefix("noun.").lower())
    return label
