"""FewRel's 16 validation relations, each pair of entities in one part only, with Wikidata facts."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Document
from lichen.data.graph import Graph
from tasks.pairs import Place, marked
from tasks.task import HELD_OUT, Task, coverage, data, deal, drawn

SHARES = (0.4, 0.4, 0.2)
"""Of the pairs of entities: those told as facts, those trained and validated on, those tested."""
MOST_TYPES = 3
MOST_FACTS = 40
"""Facts kept of an entity of a document; the country of a great power has thousands."""
Row = dict[str, Any]


def load(**sizes: int) -> Task:
    """Return FewRel; head and tail are marked in the text, as either may come first."""
    train, test, graph = _documents()
    corpus = drawn(train, None, test, **sizes)
    return Task(
        name="fewrel",
        corpus=corpus,
        graph=graph,
        note=(
            "Wikidata: the facts of two fifths of FewRel's own pairs, which are in no document, "
            "of FB15k-237 and CoDEx-S around its entities, and types; linked by Wikidata id. No "
            "fact joins the two entities of any document. The head and the tail are told before "
            f"the sentence. {coverage(corpus)}"
        ),
    )


@cache
def _documents() -> tuple[list[Document], list[Document], Graph]:
    found = json.loads((data("re_fewrel") / "val_wiki.json").read_text(encoding="utf-8"))
    names = json.loads((data("re_fewrel") / "pid2name.json").read_text(encoding="utf-8"))
    rows = [(relation, row) for relation, of_one in found.items() for row in of_one]
    pairs = [_pair(row["h"][1], row["t"][1]) for _, row in rows]
    told, *asked = deal(pairs, SHARES)
    shown = {pairs[i] for part in asked for i in part}
    entities = {row[role][1]: row[role][0] for _, row in rows for role in ("h", "t")}
    graph = _graph([rows[i] for i in told], entities, shown, names)
    documents = [
        [_document(f"fewrel-{i}", names[rows[i][0]][0], rows[i][1], graph) for i in part]
        for part in asked
    ]
    return documents[0], documents[1], graph


def _document(id_: str, label: str, row: Row, graph: Graph) -> Document:
    places = []
    for role in ("h", "t"):
        at, tokens = row[role][2][0], row["tokens"]
        start = len(" ".join([*tokens[: at[0]], ""]))
        places.append(
            Place(start, len(" ".join(tokens[: at[-1] + 1])), graph.entities.get(row[role][1]))
        )
    return marked(id_, " ".join(row["tokens"]), *places, label=label)


def _graph(
    told: list[tuple[str, Row]],
    entities: dict[str, str],
    shown: set[str],
    names: dict[str, list[str]],
) -> Graph:
    """Return what is known around some entities, but no fact that joins a pair of a document."""
    builder = GraphBuilder()
    outside = [*_freebase(builder, entities), *_codex(entities)]
    facts = [(row["h"][1], relation, row["t"][1]) for relation, row in told] + outside
    told_of: Counter[str] = Counter()
    for h, r, t in facts:
        near = [x for x in (h, t) if x in entities]
        if _pair(h, t) in shown or min(told_of[x] for x in near) >= MOST_FACTS:
            continue
        told_of.update(near)
        builder.add_relation(r, text=names[r][0] if r in names else r)
        builder.add_fact(h, r, t)
    for entity, kind in _types(builder, entities):
        if _pair(entity, kind) not in shown:
            builder.add_fact(entity, "instance of", kind)
    for label, name in entities.items():
        if builder.has_entity(label):
            builder.add_name(label, name)
    return builder.build()


def _freebase(builder: GraphBuilder, entities: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return the facts of FB15k-237 around some entities, under their Wikidata ids."""
    folder = data("kgc_fb15k237")
    about = json.loads((folder / "entity2wikidata.json").read_text(encoding="utf-8"))
    ids = {mid: x["wikidata_id"] for mid, x in about.items() if x["wikidata_id"]}
    lines = (folder / "relation2text.txt").read_text(encoding="utf-8").splitlines()
    texts = dict(line.split("\t") for line in lines)
    facts = []
    with gzip.open(folder / "train.txt.gz", "rt", encoding="utf-8") as file:
        for line in file:
            head, relation, tail = line.rstrip("\n").split("\t")
            h, t = ids.get(head), ids.get(tail)
            if h and t and (h in entities or t in entities):
                facts.append((h, _short(texts[relation]), t))
    np.random.default_rng(HELD_OUT).shuffle(facts)
    used = {x for h, _, t in facts for x in (h, t)} | set(entities)
    for mid, qid in ids.items():
        if qid in used:
            builder.add_entity(qid, description=about[mid]["description"] or "")
            builder.add_name(qid, about[mid]["label"])
    return facts


def _short(text: str) -> str:
    """Return the last words of a Freebase path, each said once."""
    return " ".join(dict.fromkeys(text.split()[-4:]))


def _codex(entities: dict[str, str]) -> list[tuple[str, str, str]]:
    lines = (data("kgc_codex_s") / "train.txt").read_text(encoding="utf-8").splitlines()
    facts = [tuple(line.split("\t")) for line in lines]
    return [(h, r, t) for h, r, t in facts if h in entities or t in entities]


def _types(builder: GraphBuilder, entities: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what each entity is an instance of, from CoDEx."""
    folder = data("kgc_codex_s")
    types_of = json.loads((folder / "entity2types.json").read_text(encoding="utf-8"))
    about = json.loads((folder / "types_en.json").read_text(encoding="utf-8"))
    for entity in entities:
        for kind in types_of.get(entity, ())[:MOST_TYPES]:
            if kind in about:
                builder.add_entity(kind, description=about[kind]["description"] or "")
                builder.add_name(kind, about[kind]["label"] or "")
                yield entity, kind


def _pair(one: str, other: str) -> str:
    return "|".join(sorted((one, other)))
