"""SemEval-2014 Task 4: what a review thinks of one aspect, with WordNet as lexicon."""

from __future__ import annotations

from functools import cache

from lichen.data.corpus import Document, Mention
from tasks.lexicon import Lexicon, lexicon
from tasks.task import MOST_MENTIONS, Task, coverage, data, deal, drawn, mention

SHARES = (0.9, 0.1)
"""Of the official training sentences in training and validation."""
LABELS = {"-1": "negative", "0": "neutral", "1": "positive"}
BRACKETS = {"-LRB-": "(", "-RRB-": ")", "``": '"', "''": '"'}


def load(**sizes: int) -> Task:
    """Return restaurants and laptops; the aspect is told before the sentence."""
    parts, words = _documents()
    corpus = drawn(*parts, **sizes)
    linked = corpus.with_mentions(_mentions(doc, words) for doc in corpus)
    return Task(
        name="absa",
        corpus=linked,
        graph=words.graph,
        note=(
            "WordNet 3.0 senses and relations, and polarity spread from fourteen words; the text "
            "is 'aspect : sentence', the first mention is the aspect (NIL where WordNet lacks it), "
            f"then content words linked by base form. {coverage(linked)}"
        ),
    )


@cache
def _documents() -> tuple[list[list[Document]], Lexicon]:
    train = [d for kind in ("Restaurants", "Laptops") for d in _read(f"{kind}_Train.xml.seg")]
    test = [d for kind in ("Restaurants", "Laptops") for d in _read(f"{kind}_Test_Gold.xml.seg")]
    parts = [[train[i] for i in part] for part in deal([d.meta["sentence"] for d in train], SHARES)]
    return [*parts, test], lexicon(doc.text for doc in (*train, *test))


def _read(file: str) -> list[Document]:
    lines = (data("cls_absa_semeval14") / file).read_text(encoding="utf-8").splitlines()
    found = []
    for i in range(0, len(lines) - 2, 3):
        aspect, sentence = _plain(lines[i + 1]), _plain(lines[i].replace("$T$", lines[i + 1]))
        found.append(
            Document(
                id=f"{file}-{i}",
                text=f"{aspect} : {sentence}",
                label=LABELS[lines[i + 2].strip()],
                meta={"aspect": aspect, "sentence": sentence},
            )
        )
    return found


def _plain(text: str) -> str:
    return " ".join(BRACKETS.get(word, word) for word in text.split())


def _mentions(doc: Document, words: Lexicon) -> tuple[Mention, ...]:
    """Return the aspect, linked by its last word, and the words of the sentence."""
    size = len(doc.meta["aspect"])
    inside = words.mentions(doc.meta["aspect"])
    entity = inside[-1].entity if inside else None
    rest = words.mentions(doc.text, most=MOST_MENTIONS - 1)
    return mention(0, size, entity), *(m for m in rest if m.span.start > size)
