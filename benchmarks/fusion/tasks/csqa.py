"""CommonsenseQA: which of five things answers a question, with ConceptNet-100K."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Document, Mention
from lichen.data.graph import Graph
from lichen.linking.ordinary import ORDINARY
from tasks.task import MOST_MENTIONS, Task, coverage, data, deal, drawn, mention
from tasks.wordnet import wordnet
from tasks.words import NOT_CONTENT, WORD

SHARES = (0.7, 0.1, 0.2)
"""Of the questions in training, validation and test; only the development part is public."""
ANSWER = " Answer: "
"""What stands between a question and a choice."""
LONGEST = 4
"""Words of one concept that text is searched for."""
TEXTS = {
    "AtLocation": "is found at", "CapableOf": "can", "Causes": "causes", "CausesDesire":
    "makes one want to", "CreatedBy": "is created by", "DefinedAs": "is defined as", "Desires":
    "wants", "DesireOf": "wants", "HasA": "has", "HasFirstSubevent": "begins with",
    "HasLastSubevent": "ends with", "HasPrerequisite": "requires", "HasProperty": "is",
    "HasSubevent": "involves", "IsA": "is a", "MadeOf": "is made of", "MotivatedByGoal":
    "is done because of", "NotCapableOf": "cannot", "NotDesires": "does not want", "NotHasA":
    "does not have", "NotHasProperty": "is not", "NotIsA": "is not a", "PartOf": "is part of",
    "ReceivesAction": "can be", "RelatedTo": "is related to", "SymbolOf": "is a symbol of",
    "UsedFor": "is used for", "LocatedNear": "is near", "InheritsFrom": "inherits from",
    "LocationOfAction": "is where one does", "HasPainIntensity": "hurts", "HasPainCharacter":
    "hurts like", "InstanceOf": "is an instance of", "NotMadeOf": "is not made of",
}  # fmt: skip
"""Words that say a relation."""


def load(**sizes: int) -> Task:
    """Return the questions, one document for each choice; `meta["question"]` groups them."""
    parts, graph = _documents()
    corpus = drawn(*parts, **sizes, group="question")
    return Task(
        name="csqa",
        corpus=corpus,
        graph=graph,
        group="question",
        note=(
            "ConceptNet-100K; concepts of the question and of the choice linked by their base "
            f"forms, the longest match, the choice as a whole where it is one. {coverage(corpus)}"
        ),
    )


@cache
def _documents() -> tuple[list[list[Document]], Graph]:
    graph = conceptnet()
    asked = questions(graph)
    parts = deal([choices[0].meta["question"] for choices in asked], SHARES)
    return [[doc for i in part for doc in asked[i]] for part in parts], graph


def questions(graph: Graph) -> list[list[Document]]:
    """Return the choices of each question, in the order of the data."""
    path = data("qa_commonsenseqa_dev") / "dev_rand_split.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_choices(json.loads(line), graph) for line in lines]


@cache
def conceptnet() -> Graph:
    """Return the 100,000 training facts of ConceptNet-100K."""
    builder = GraphBuilder()
    for label, text in TEXTS.items():
        builder.add_relation(label, text=text)
    path = data("kgc_conceptnet100k") / "train.txt"
    for line in path.read_text(encoding="utf-8").splitlines():
        relation, head, tail = line.split("\t")[:3]
        builder.add_fact(head, relation, tail)
    return builder.build()


def _choices(row: dict[str, Any], graph: Graph) -> list[Document]:
    found = []
    for label, choice in zip(row["choices"]["label"], row["choices"]["text"], strict=True):
        start = len(row["question"]) + len(ANSWER)
        text = f"{row['question']}{ANSWER}{choice}"
        asked = concepts(row["question"], graph)[: MOST_MENTIONS // 2]
        answer = concepts(choice, graph)[: MOST_MENTIONS // 2]
        moved = [mention(m.span.start + start, m.span.end + start, m.entity) for m in answer]
        found.append(
            Document(
                id=f"{row['id']}-{label}",
                text=text,
                label="right" if label == row["answerKey"] else "wrong",
                mentions=(*asked, *moved),
                meta={"question": row["id"], "concept": row["question_concept"]},
            )
        )
    return found


def concepts(text: str, graph: Graph) -> list[Mention]:
    """Return the concepts of a text, the longest first, function words left out."""
    tokens = [(m.start(), m.end(), m.group().lower()) for m in WORD.finditer(text)]
    found, at = [], 0
    while at < len(tokens):
        for size in range(min(LONGEST, len(tokens) - at), 0, -1):
            words = tuple(token[2] for token in tokens[at : at + size])
            entity = _concept(words, graph)
            if entity is not None:
                found.append(mention(tokens[at][0], tokens[at + size - 1][1], entity))
                break
        at += size
    return found


def _concept(words: tuple[str, ...], graph: Graph) -> int | None:
    """Return the concept that has these words, as they are or each in its base form."""
    empty = NOT_CONTENT | ORDINARY
    if words[0] in empty or words[-1] in empty:
        return None
    entity = graph.entities.get(" ".join(words))
    return graph.entities.get(" ".join(map(_base, words))) if entity is None else entity


@cache
def _base(word: str) -> str:
    """Return the base form as ConceptNet writes it: of a noun, verb or adjective."""
    if word in NOT_CONTENT:
        return word
    net = wordnet()
    bases = [(b, part) for part in "nva" for b in net.bases(word, part)]
    return max(bases, key=lambda b: net.used.get(b, 0), default=(word, ""))[0]
