"""SST-2: is a film review's sentence for or against the film, with WordNet as lexicon."""

from __future__ import annotations

from functools import cache

from lichen.data.corpus import Document
from tasks.lexicon import Lexicon, lexicon
from tasks.task import Task, coverage, data, drawn

LABELS = {"0": "negative", "1": "positive"}


def load(**sizes: int) -> Task:
    """Return SST-2, phrases to train on and whole sentences to validate and test on."""
    parts, words = _documents()
    corpus = words.link(drawn(*parts.values(), **sizes))
    return Task(
        name="sst2",
        corpus=corpus,
        graph=words.graph,
        note=(
            "WordNet 3.0 senses and relations, and polarity spread from fourteen words; content "
            f"words linked by base form. {coverage(corpus)}"
        ),
    )


@cache
def _documents() -> tuple[dict[str, list[Document]], Lexicon]:
    parts = {}
    for part in ("train", "dev", "test"):
        lines = (data("cls_sst2") / f"{part}.tsv").read_text(encoding="utf-8").splitlines()[1:]
        rows = [line.split("\t") for line in lines]
        parts[part] = [
            Document(id=f"{part}-{i}", text=text, label=LABELS[label])
            for i, (label, text) in enumerate(rows)
            if text.strip()
        ]
    return parts, lexicon(doc.text for docs in parts.values() for doc in docs)
