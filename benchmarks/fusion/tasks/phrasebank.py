"""Financial PhraseBank: is a piece of news good or bad for the share, with WordNet as lexicon."""

from __future__ import annotations

import csv
from functools import cache

from lichen.data.corpus import Document
from tasks.lexicon import Lexicon, lexicon
from tasks.task import Task, coverage, data, deal, drawn

SHARES = (0.7, 0.1, 0.2)
"""Of the sentences in training, validation and test."""


def load(**sizes: int) -> Task:
    """Return Financial PhraseBank (half of the annotators agree) under one fixed split."""
    parts, words = _documents()
    corpus = words.link(drawn(*parts, **sizes))
    return Task(
        name="phrasebank",
        corpus=corpus,
        graph=words.graph,
        note=(
            "WordNet 3.0 senses and relations, and polarity spread from fourteen words; content "
            f"words linked by base form. {coverage(corpus)}"
        ),
    )


@cache
def _documents() -> tuple[list[list[Document]], Lexicon]:
    path = data("cls_financial_phrasebank") / "all-data.csv"
    with path.open(encoding="latin-1", newline="") as file:
        rows = list(dict.fromkeys((row["content"], row["result"]) for row in csv.DictReader(file)))
    docs = [Document(id=f"news-{i}", text=t, label=label) for i, (t, label) in enumerate(rows)]
    parts = deal(["".join(doc.text.lower().split()) for doc in docs], SHARES)
    return [[docs[i] for i in part] for part in parts], lexicon(doc.text for doc in docs)
