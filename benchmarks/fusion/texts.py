"""Benchmark texts to linked corpora, each with the graph that it is linked to.

Sentiment tasks are linked to a graph of the VADER lexicon: each word has a valence, and valences
stand in a row. SemEval-2010 is linked to ConceptNet-100K, Atlas claims to Atlas, UMLS
statements to the UMLS semantic network, FewRel to Wikidata as the fusion bench links it.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from embedding.runs import data_folder
from tasks import fewrel as few
from tasks.umls import statements

import lichen as li
from lichen.data.atlas.claims import claims, removed
from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Corpus, Document, Mention, Span
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder

LEXICON_EMBEDDING = EmbeddingConfig(epochs=30, n3=0.001)
CONCEPT_EMBEDDING = EmbeddingConfig(epochs=15, n3=0.03)
UMLS_EMBEDDING = EmbeddingConfig(epochs=40, batch_size=256, n3=0.03)
CLAIMS_EMBEDDING = EmbeddingConfig(epochs=12, negatives=1024, n3=0.03)
FEWREL_EMBEDDING = EmbeddingConfig(epochs=12, candidates="sampled", hide_known=False, n3=0.03)
FEWREL_SIZES = {"seed": 0, "num_train": 320, "num_test": 10_000}
"""What is drawn of FewRel: as many labels as on the bench, all test sentences."""
T = TypeVar("T")
DEAL = 40
"""Seed of the claims."""
WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
POOL, VALID, TEST = 2000, 400, 900
"""Documents of a task at most; fewer where the data has fewer."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A corpus with splits train, valid and test, and the graph it is linked to."""

    name: str
    corpus: Corpus
    graph: Graph
    nodes: GraphEncoder
    """Trained vectors of the graph."""
    mentions: int
    """Mentions of a text that the model looks at."""


def load(name: str) -> Task:
    """Return a task of `TASKS`, its graph embedded."""
    return TASKS[name]()


def sst2() -> Task:
    """SST-2: whole sentences of its training phrases are rare, so phrases of 5 words and more."""
    folder = data_folder("cls_sst2")
    named = {"0": "negative", "1": "positive"}

    def rows(file: str, *, least: int) -> list[tuple[str, str]]:
        with (folder / file).open(encoding="utf-8") as lines:
            found = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
        pairs = [
            (str(next(v for k, v in row.items() if k != "label")).strip(), named[row["label"]])
            for row in found
        ]
        return [pair for pair in pairs if len(pair[0].split()) >= least]

    train = _some(rows("train.tsv", least=5), POOL)
    splits = {"train": train, "valid": rows("dev.tsv", least=1), "test": rows("test.tsv", least=1)}
    return _lexicon_task("SST-2", splits)


def phrasebank() -> Task:
    """Return Financial PhraseBank, divided at random: 800 for the test, 400 to validate."""
    path = data_folder("cls_financial_phrasebank") / "all-data.csv"
    with path.open(encoding="latin-1") as lines:
        found = {row["content"].strip(): row["result"] for row in csv.DictReader(lines)}
    rows = _some(list(found.items()), len(found))
    splits = {"test": rows[:800], "valid": rows[800:1200], "train": rows[1200:]}
    return _lexicon_task("Financial PhraseBank", splits)


def _lexicon_task(name: str, splits: dict[str, list[tuple[str, str]]]) -> Task:
    graph = lexicon_graph()
    limit = {"train": POOL, "valid": VALID, "test": TEST}
    documents = [
        Document(id=f"{split}-{i}", text=text, label=label, split=split)
        for split, rows in splits.items()
        for i, (text, label) in enumerate(_some(rows, limit[split]))
    ]
    corpus = link_words(Corpus(tuple(documents)), graph)
    nodes = _embedded(graph, LEXICON_EMBEDDING, dim=32)
    return Task(name=name, corpus=corpus, graph=graph, nodes=nodes, mentions=4)


def lexicon_graph() -> Graph:
    """Return the VADER lexicon (Hutto and Gilbert, 2014) as a graph of words and valences."""
    found = find_spec("vaderSentiment")
    if found is None or found.origin is None:
        raise SystemExit("The sentiment tasks read a lexicon. pip install vaderSentiment")
    lines = (Path(found.origin).parent / "vader_lexicon.txt").read_text("utf-8").splitlines()
    builder, steps = GraphBuilder(), set()
    for line in lines:
        word, mean = line.split("\t")[:2]
        if not WORD.fullmatch(word):
            continue
        step = round(float(mean))
        steps.add(step)
        builder.add_fact(word.lower(), "has_valence", f"valence {step}")
        builder.add_fact(word.lower(), "has_sign", "positive" if step > 0 else "negative")
    for low, high in pairwise(sorted(steps)):
        builder.add_fact(f"valence {low}", "below", f"valence {high}")
    return builder.build()


def semeval() -> Task:
    """Return SemEval-2010 Task 8, its two nominals linked to ConceptNet-100K by their words."""
    folder = data_folder("re_semeval2010")
    triples = []
    with (data_folder("kgc_conceptnet100k") / "train.txt").open(encoding="utf-8") as lines:
        for line in lines:
            r, h, t = line.rstrip("\n").split("\t")[:3]
            triples.append((h, r, t))
    graph = Graph.from_triples(list(dict.fromkeys(triples)))
    documents = []
    for split, file, limit in (
        ("train", "train.txt", POOL), ("valid", "val.txt", VALID), ("test", "test.txt", TEST),
    ):  # fmt: skip
        rows = [json.loads(x) for x in (folder / file).read_text("utf-8").splitlines()]
        documents += [
            _nominals(f"{split}-{i}", row, split, graph) for i, row in enumerate(_some(rows, limit))
        ]
    nodes = _embedded(graph, CONCEPT_EMBEDDING, dim=128)
    corpus = Corpus(tuple(documents))
    return Task(name="SemEval-2010", corpus=corpus, graph=graph, nodes=nodes, mentions=2)


def _nominals(name: str, row: dict[str, Any], split: str, graph: Graph) -> Document:
    tokens, mentions, start = row["token"], [], 0
    begins = []
    for token in tokens:
        begins.append(start)
        start += len(token) + 1
    for part in ("h", "t"):
        first, last = row[part]["pos"]
        end = begins[last - 1] + len(tokens[last - 1])
        entity = concept(" ".join(tokens[first:last]), graph)
        mentions.append(Mention(Span(begins[first], end), entity))
    mentions.sort()
    return Document(
        id=name, text=" ".join(tokens), label=row["relation"], split=split, mentions=tuple(mentions)
    )


def concept(words: str, graph: Graph) -> int | None:
    """Return the entity that is named so, or so without an ending or by the last word."""
    last = words.rsplit(" ", maxsplit=1)[-1]
    for base in dict.fromkeys((words, last)):
        for name in (base, base.removesuffix("s"), base.removesuffix("es")):
            if name in graph.entities:
                return graph.entities.id(name)
    return None


def atlas_claims() -> Task:
    """Return the claims of one deal; the graph lacks the facts that the deal removes."""
    whole = Graph.load("atlas")
    known = removed(whole, seed=DEAL).graph
    nodes = _embedded(known, CLAIMS_EMBEDDING, dim=128)
    corpus = claims(whole, seed=DEAL, num_train=POOL, num_valid=VALID, num_test=TEST)
    return Task(name="Atlas claims", corpus=corpus, graph=known, nodes=nodes, mentions=2)


def more_claims(task: Task, deals: Sequence[int]) -> Corpus:
    """Return unlabelled sentences of other deals about the facts that a task's test is about.

    They word these facts otherwise, or exchange other tails; no sentence of the task is among
    them. Which are true is not told.

    Args:
        task: the claims of `DEAL`.
        deals: other seeds of `claims`.
    """
    whole = Graph.load("atlas")
    facts = {doc.meta["fact"] for doc in task.corpus.test}
    known = {doc.text for doc in task.corpus}
    found: dict[str, Document] = {}
    for deal in deals:
        for doc in claims(whole, seed=deal, num_train=20_000, num_valid=2_000, num_test=8_000):
            if doc.meta["fact"] in facts and doc.text not in known:
                found[doc.text] = replace(doc, label=None, split=None, id=f"{deal}-{doc.id}")
    return Corpus(tuple(found.values()))


def umls_statements() -> Task:
    """Return UMLS facts as sentences, true or with another tail of the same relation.

    The graph is the training split. Sentences to learn from are about validation facts, for the
    test about test facts: none of them is in the graph, so it can only tell what is plausible.
    """
    whole = Graph.load(data_folder("kgc_small/umls"))
    rng = np.random.default_rng(7)
    held = rng.permutation(whole.split("valid"))
    splits = {"train": held[:450], "valid": held[450:], "test": whole.split("test")}
    documents = [x for name, facts in splits.items() for x in statements(whole, facts, rng, name)]
    graph = whole.select(whole.splits["train"])
    nodes = _embedded(graph, UMLS_EMBEDDING, dim=64)
    corpus = Corpus(tuple(documents))
    return Task(name="UMLS statements", corpus=corpus, graph=graph, nodes=nodes, mentions=2)


def more_statements(task: Task, num_facts: int) -> Corpus:
    """Return unlabelled sentences about facts of the graph, and about as many exchanged ones."""
    rng = np.random.default_rng(8)
    facts = rng.permutation(task.graph.triples)[:num_facts]
    known = {doc.text for doc in task.corpus}
    found = {x.text: x for x in statements(task.graph, facts, rng, "more") if x.text not in known}
    return Corpus(tuple(replace(x, label=None, split=None) for x in found.values()))


def fewrel(num_train: int = FEWREL_SIZES["num_train"]) -> Task:
    """Return FewRel with the labels of some sentences."""
    task = few.load(**{**FEWREL_SIZES, "num_train": num_train})
    nodes = _embedded(task.graph, FEWREL_EMBEDDING, dim=64)
    return Task(name="FewRel", corpus=task.corpus, graph=task.graph, nodes=nodes, mentions=2)


def more_fewrel(task: Task, number: int) -> Corpus:
    """Return further training sentences, linked, without their labels."""
    known = {doc.id for doc in task.corpus}
    wider = few.load(**{**FEWREL_SIZES, "num_train": 2 * number}).corpus.train
    rest = [replace(doc, label=None, split=None) for doc in wider if doc.id not in known]
    return Corpus(tuple(rest[:number]))


TASKS: dict[str, Callable[[], Task]] = {
    "claims": atlas_claims,
    "fewrel": fewrel,
    "phrasebank": phrasebank,
    "semeval": semeval,
    "sst2": sst2,
    "umls": umls_statements,
}


def link_words(corpus: Corpus, graph: Graph) -> Corpus:
    """Link every word of the texts that is the label of an entity, whatever its case."""

    def mentions(doc: Document) -> tuple[Mention, ...]:
        found = ((m.span(), m.group().lower()) for m in WORD.finditer(doc.text))
        return tuple(
            Mention(Span(*span), graph.entities.id(word))
            for span, word in found
            if word in graph.entities
        )

    return corpus.with_mentions([mentions(doc) for doc in corpus])


def labelled_part(pool: Corpus, num: int, seed: int) -> tuple[Corpus, Corpus]:
    """Return `num` documents at random, two classes at least, and the rest without labels."""
    order = np.random.default_rng([seed, 77]).permutation(len(pool)).tolist()
    while len({pool[i].label for i in order[:num]}) < 2:
        order = [*order[1:], order[0]]
    rest = tuple(replace(pool[i], label=None) for i in order[num:])
    return Corpus(tuple(pool[i] for i in order[:num])), Corpus(rest)


def model_of(task: Task, text: li.TextEncoder, **settings: Any) -> li.FusedModel:
    """Return the untrained fused model of a task."""
    labels = task.corpus.labels()
    return li.FusedModel(text, task.nodes, labels=labels, mentions=task.mentions, **settings)


def _embedded(graph: Graph, config: EmbeddingConfig, *, dim: int) -> GraphEncoder:
    nodes = GraphEncoder("complex", graph, dim=dim)
    with tempfile.TemporaryDirectory() as folder:
        li.train(nodes, graph, out=folder, config=config)
    return nodes


def _some(rows: Sequence[T], limit: int) -> list[T]:
    order = np.random.default_rng(7).permutation(len(rows))[:limit]
    return [rows[i] for i in order.tolist()]
