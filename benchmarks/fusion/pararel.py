"""ParaRel's facts dealt to a text, a graph, or neither; patterns to tell and ask for them."""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lichen.data.corpus import Corpus, Document
from lichen.data.graph import Graph
from lichen.training.cloze import OBJECT, SUBJECT, ClozeFact

HERE = Path(__file__).resolve()
ASKED = 3
"""Patterns by which a fact is asked for."""
SHORTEST, SHORT, LONGEST = 6, 14, 40
"""Words of a sentence of Wikipedia: at least, at most among the facts, and at most alone."""


@dataclass(frozen=True, kw_only=True)
class Deal:
    """One way to deal the facts."""

    corpus: Corpus
    """The told facts, a sentence for each of some patterns, and sentences of Wikipedia."""
    graph: Graph
    """Told and untold facts as "train"; held-out ones as "valid" and "test"."""
    told: tuple[ClozeFact, ...]
    """Facts of the graph that the text tells too."""
    untold: tuple[ClozeFact, ...]
    """Facts of the graph that no text tells."""
    held_out: tuple[ClozeFact, ...]
    """The test facts, which neither text nor graph tells."""
    patterns: dict[str, tuple[str, ...]]
    candidates: dict[str, tuple[str, ...]]


def data_folder() -> Path:
    """Return the folder of benchmark data, or stop with what to do."""
    base = Path(os.environ.get("LICHEN_DATA", HERE.parents[3] / "shared" / "data"))
    if not (base / "probe_pararel").is_dir():
        raise SystemExit(f"{base}: must hold probe_pararel. Set LICHEN_DATA to the benchmark data.")
    return base


def deal(seed: int, *, each: int = 48, held: int = 6, sentences: int = 2) -> Deal:
    """Deal the facts of every relation.

    A pattern that says no more than the relation's own words is left out, since by these words a
    fact of the graph is written out where a model learns from facts in words.

    Args:
        seed: of the draw.
        each: facts a relation that the text tells, and as many that only the graph holds.
        held: facts a relation for validation, and as many for the test.
        sentences: patterns by which a fact is told.
    """
    base = data_folder()
    rng = np.random.default_rng(seed)
    told, untold, valid, test = [], [], [], []
    patterns, candidates = {}, {}
    said = _relation_texts(base)
    for path in sorted((base / "probe_pararel/pattern_data/graphs_json").glob("*.jsonl")):
        relation = path.stem
        plain = f"{SUBJECT} {said[relation]} {OBJECT}".lower()
        found = tuple(x for x in _patterns(path) if x.rstrip(" .").lower() != plain)
        if len(found) < 2:
            continue  # nothing to be consistent with
        facts = _facts(base / f"probe_pararel/trex_lms_vocab/{path.name}", relation)
        patterns[relation] = found
        candidates[relation] = tuple(sorted({f.object for f in facts}))
        drawn = [facts[i] for i in rng.permutation(len(facts))]
        unit = min(each, len(drawn) * each // (2 * each + 2 * held))
        few = min(held, (len(drawn) - 2 * unit) // 2)
        told += drawn[:unit]
        untold += drawn[unit : 2 * unit]
        valid += drawn[2 * unit : 2 * unit + few]
        test += drawn[2 * unit + few : 2 * unit + 2 * few]
    documents = _told(told, patterns, sentences, rng) + _draw(wikipedia(SHORT), len(told) // 2, rng)
    order = rng.permutation(len(documents))
    return Deal(
        corpus=Corpus(tuple(documents[i] for i in order)),
        graph=_graph(told + untold, valid, test),
        told=tuple(told),
        untold=tuple(untold),
        held_out=tuple(test),
        patterns={r: p[:ASKED] for r, p in patterns.items()},
        candidates=candidates,
    )


def _facts(path: Path, relation: str) -> list[ClozeFact]:
    """Return the facts whose subject has one object in the relation, each once."""
    objects: dict[str, set[str]] = defaultdict(set)
    for line in path.read_text(encoding="utf-8").splitlines():
        found = json.loads(line)
        objects[found["sub_label"]].add(found["obj_label"])
    return [ClozeFact(s, relation, *o) for s, o in objects.items() if len(o) == 1]


def _patterns(path: Path) -> tuple[str, ...]:
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [" ".join(json.loads(line)["pattern"].split()) for line in lines]
    return tuple(dict.fromkeys(p for p in found if SUBJECT in p and OBJECT in p))


def _told(
    facts: list[ClozeFact],
    patterns: dict[str, tuple[str, ...]],
    sentences: int,
    rng: np.random.Generator,
) -> list[Document]:
    found = []
    for fact in facts:
        choices = patterns[fact.relation]
        for i in rng.permutation(len(choices))[:sentences]:
            text = choices[i].replace(SUBJECT, fact.subject).replace(OBJECT, fact.object)
            found.append(Document(id=f"{fact.relation}/{fact.subject}/{i}", text=text))
    return found


def wikipedia(longest: int) -> list[Document]:
    """Return sentences of Wikipedia, which state few of the facts and keep the language."""
    path = data_folder() / "txt_wiki_linked/wiki100.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        articles = [json.loads(line) for line in lines]
    return [
        Document(id=f"wiki/{article['doc']}/{i}", text=" ".join(sentence["tokens"]))
        for article in articles
        for i, sentence in enumerate(article["sents"])
        if SHORTEST <= len(sentence["tokens"]) <= longest
    ]


def _draw(documents: list[Document], count: int, rng: np.random.Generator) -> list[Document]:
    return [documents[i] for i in rng.permutation(len(documents))[:count]]


def _graph(train: list[ClozeFact], valid: list[ClozeFact], test: list[ClozeFact]) -> Graph:
    def triples(facts: list[ClozeFact]) -> list[tuple[str, str, str]]:
        return [(f.subject, f.relation, f.object) for f in facts]

    graph = Graph.from_triples(
        triples(train), splits={"valid": triples(valid), "test": triples(test)}
    )
    texts = _relation_texts(data_folder())
    said = {i: texts[label] for i, label in enumerate(graph.relations)}
    return replace(graph, relation_texts=said)


def _relation_texts(base: Path) -> dict[str, str]:
    """Return the words for each relation."""
    names = json.loads((base / "re_fewrel/pid2name.json").read_text(encoding="utf-8"))
    return {label: said[0] for label, said in names.items()}
