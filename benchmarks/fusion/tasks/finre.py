"""FinRE: which relation Chinese financial news states between two companies."""

from __future__ import annotations

from functools import cache

from lichen.data.corpus import Document
from tasks.chain import Chain, chain
from tasks.pairs import Place, marked
from tasks.phrases import Phrases
from tasks.task import Task, coverage, data, drawn

SHORTEST = 3
"""Characters of a company's name to be found in running text."""


def load(**sizes: int) -> Task:
    """Return FinRE; head and tail are told before the sentence, as the labels are directed."""
    parts = _documents()
    corpus = drawn(*parts.values(), **sizes)
    return Task(
        name="finre",
        corpus=corpus,
        graph=chain().graph,
        language="zh",
        note=(
            "Listed companies with exchange and industry, industries with parent and suppliers; "
            "linked by name, full name or nickname, other companies and industries of the "
            f"sentence too. {coverage(corpus)}"
        ),
    )


@cache
def _documents() -> dict[str, list[Document]]:
    known = chain()
    names = {name: e for name, e in known.companies.items() if len(name) >= SHORTEST}
    phrases = Phrases({**known.industries, **names})
    found = {}
    for part in ("train", "valid", "test"):
        lines = (data("re_finre") / f"{part}.txt").read_text(encoding="utf-8").splitlines()
        rows = dict.fromkeys(tuple(line.split("\t")) for line in lines if line.strip())
        found[part] = [_document(f"{part}-{i}", row, known, phrases) for i, row in enumerate(rows)]
    return found


def _document(id_: str, row: tuple[str, ...], known: Chain, phrases: Phrases) -> Document:
    head, tail, label, sentence = row
    places = []
    for name in (head, tail):
        start = sentence.index(name)
        places.append(Place(start, start + len(name), known.company(name)))
    others = tuple(
        Place(start, end, entity)
        for start, end, entity in phrases.find(sentence)
        if all(end <= place.start or place.end <= start for place in places)
    )
    return marked(id_, sentence, *places, label=label, others=others, language="zh")


def training_texts() -> list[str]:
    """Return the training sentences, without their labels."""
    return list(dict.fromkeys(doc.meta["sentence"] for doc in _documents()["train"]))
