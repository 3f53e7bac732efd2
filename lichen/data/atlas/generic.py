"""Wording for relations and attributes that no table knows: made from their labels."""

from __future__ import annotations

import re
from typing import Any

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_VERBAL = re.compile(
    r"\b(?:of|from|to|in|by|with|at|for|through|on|as|into|under|near)$|^(?:is|has)\b"
)

_NOUN_AHEAD = {
    "train": (
        "What is the {n} of {x}?",
        "Which {n} does {x} have?",
        "Name the {n} of {x}.",
        "What are the {n} entries of {x}?",
        "{x} has which {n}?",
    ),
    "valid": ("Tell me the {n} of {x}.", "As {n}, what does {x} have?"),
    "test": ("I would like to know the {n} of {x}.", "What can you list under {n} for {x}?"),
}
_NOUN_BACK = {
    "train": (
        "Which {noun} has {x} as its {n}?",
        "{x} is the {n} of what?",
        "Which {nouns} have {x} as {n}?",
        "Whose {n} is {x}?",
    ),
    "valid": ("For which {noun} is {x} the {n}?", "What has {x} as {n}?"),
    "test": ("Show me each {noun} with the {n} {x}.", "Under {n}, what lists {x}?"),
}
_VERB_AHEAD = {
    "train": (
        "What is {x} {n}?",
        "{x} {n} what?",
        "Which {noun} is {x} {n}?",
        "What does {x} {n}?",
        "Name what {x} {n}.",
    ),
    "valid": ("Tell me what {x} {n}.", "Which {nouns} does {x} {n}?"),
    "test": ("I would like to know what {x} {n}.", "{x} {n} which {noun}?"),
}
_VERB_BACK = {
    "train": (
        "What {n} {x}?",
        "Which {nouns} are {n} {x}?",
        "Which {noun} {n} {x}?",
        "Name the {nouns} that {n} {x}.",
    ),
    "valid": ("Who or what {n} {x}?", "What is {n} {x}?"),
    "test": ("Show me each {noun} that {n} {x}.", "Find the {nouns} {n} {x}."),
}
_PARTS = {
    (True, False): ("the {n} of {x}", "{n} is {x}"),
    (True, True): ("what {x} {n}", "<is|are> what {x} {n}"),
    (False, False): ("the {nouns} with the {n} {x}", "<has|have> {x} as {n}"),
    (False, True): ("the {nouns} that {n} {x}", "{n} {x}"),
}
"""Noun phrase and predicate by (is ahead, is verbal)."""

_ATTRIBUTE = {
    "ask": {
        "train": (
            "What is the {n} of {x}?",
            "How high is the {n} of {x}?",
            "Give the {n} of {x}.",
            "What {n} does {x} have?",
        ),
        "valid": ("Tell me the {n} of {x}.", "How large is the {n} of {x}?"),
        "test": ("I would like to know the {n} of {x}.", "Which value does {x} have for {n}?"),
    },
    "max": {
        "train": ("has the highest {n}", "is first in {n}", "has the largest {n}"),
        "valid": ("has the greatest {n}",),
        "test": ("leads in {n}", "has the maximum {n}"),
    },
    "min": {
        "train": ("has the lowest {n}", "is last in {n}", "has the smallest {n}"),
        "valid": ("has the most modest {n}",),
        "test": ("comes last in {n}", "has the minimum {n}"),
    },
    "more": {
        "train": ("has a higher {n}", "has a larger {n}"),
        "valid": ("has a greater {n}",),
        "test": ("exceeds the other in {n}",),
    },
    "less": {
        "train": ("has a lower {n}", "is lower in {n}"),
        "valid": ("has a smaller {n}",),
        "test": ("falls short of the other in {n}",),
    },
}


def readable(label: str) -> str:
    """Return a label as words.

    >>> readable("bornIn"), readable("http://example.org/capital_of")
    ('born in', 'capital of')
    """
    local = re.split(r"[/#]", label.rstrip("/#"))[-1] or label
    return " ".join(_CAMEL.sub(" ", local).replace("_", " ").replace("-", " ").split()).lower()


def step_entry(relation: str, *, forward: bool, noun: str) -> dict[str, Any]:
    """Return the wording of a step, shaped as an entry of the phrase tables.

    Args:
        relation: the label of the relation.
        forward: whether the step goes from head to tail.
        noun: what the answers are, such as "city".
    """
    name = readable(relation)
    is_verbal = _VERBAL.search(name) is not None
    ahead, back = (_VERB_AHEAD, _VERB_BACK) if is_verbal else (_NOUN_AHEAD, _NOUN_BACK)
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    forms = ahead if forward else back
    np, vp = _PARTS[(forward, is_verbal)]

    def made(form: str) -> str:
        return form.replace("{nouns}", plural).replace("{noun}", noun).replace("{n}", name)

    entry: dict[str, Any] = {split: [made(form) for form in forms[split]] for split in forms}
    entry |= {"noun": [noun, plural], "many": not forward}
    entry["np"] = {split: [made(np)] for split in forms}
    if not forward:
        entry["vp"] = {split: [made(vp)] for split in forms}
    return entry


def attribute_entry(attribute: str, name: str | None = None) -> dict[str, Any]:
    """Return the wording of an attribute, shaped as an entry of the phrase tables.

    Args:
        attribute: its label.
        name: the noun phrase to call it; None makes one of the label.
    """
    name = name or readable(attribute)
    return {
        part: {split: [form.replace("{n}", name) for form in forms] for split, forms in by.items()}
        for part, by in _ATTRIBUTE.items()
    }
