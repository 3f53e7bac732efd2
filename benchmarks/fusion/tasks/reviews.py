"""ChnSentiCorp and book reviews: for or against, in Chinese, with HowNet's sememes."""

from __future__ import annotations

from functools import cache, partial

from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Document, Mention
from lichen.data.graph import Graph
from tasks.phrases import Phrases
from tasks.task import MOST_MENTIONS, Task, coverage, data, drawn, mention

LABELS = {"0": "negative", "1": "positive"}
SEMEME = "义原"
READ = 126
"""Characters of a review that are kept: what an encoder of 128 tokens reads."""


def load(name: str, **sizes: int) -> Task:
    """Return one of the two sets of reviews.

    Args:
        name: "chnsenticorp" or "book_review".
        **sizes: seed, num_train and num_test, as in `drawn`.
    """
    parts = _documents(name)
    corpus = drawn(*parts.values(), **sizes)
    graph, phrases = hownet()
    linked = corpus.with_mentions(_mentions(doc.text, phrases) for doc in corpus)
    return Task(
        name=name,
        corpus=linked,
        graph=graph,
        language="zh",
        note=(
            "HowNet: words of three and more characters and their sememes, the longest match in "
            f"the first {READ} characters; sememes that stand in the text are linked too. "
            f"{coverage(linked)}"
        ),
    )


chnsenticorp = partial(load, "chnsenticorp")
book_review = partial(load, "book_review")


@cache
def _documents(name: str) -> dict[str, list[Document]]:
    found = {}
    for part in ("train", "dev", "test"):
        path = data("cls_kbert_zh") / name / f"{part}.tsv"
        lines = path.read_text(encoding="utf-8").split("\n")[1:]
        rows = dict.fromkeys(tuple(line.split("\t")[:2]) for line in lines if "\t" in line)
        found[part] = [
            Document(id=f"{part}-{i}", text=text[:READ], language="zh", label=LABELS[label])
            for i, (label, text) in enumerate(rows)
        ]
    return found


@cache
def hownet() -> tuple[Graph, Phrases]:
    """Return words and sememes, and the phrases by which text names them.

    A word such as "合理的" is found without its last character too.
    """
    builder = GraphBuilder()
    builder.add_relation(SEMEME, text="意思有关")
    lines = (data("kg_kbert_zh") / "HowNet.spo").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    for word, _, sememe in rows:
        builder.add_fact(word, SEMEME, sememe)
    for word in {word for word, *_ in rows}:
        if len(word) == 3 and word[-1] in "的地":
            builder.add_name(word, word[:-1], language="zh")
    graph = builder.build()
    names = {name.text: name.entity for name in graph.names}
    names |= {label: i for i, label in enumerate(graph.entities)}
    spoken = {x: i for x, i in names.items() if len(x) > 1 and x[0] >= "一"}
    return graph, Phrases(spoken)


def _mentions(text: str, phrases: Phrases) -> tuple[Mention, ...]:
    """Return the places of words, the longest words first where there are too many."""
    found = sorted(phrases.find(text), key=lambda at: at[0] - at[1])[:MOST_MENTIONS]
    return tuple(mention(*at) for at in sorted(found))


def training_texts(name: str) -> list[str]:
    """Return the training texts of one of the two sets, without their labels."""
    return [doc.text for doc in _documents(name)["train"]]
