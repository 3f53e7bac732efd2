"""Wording for relations and attributes that no table knows: made from their labels."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from lichen.data.atlas.countries import table

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_VERBAL = re.compile(
    r"\b(?:of|from|to|in|by|with|at|for|through|on|as|into|under|near)$|^(?:is|has)\b"
)

SPLITS = ("train", "valid", "test")


@cache
def _wording() -> dict[str, Any]:
    return table("generic_en.toml")


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
    kind = "verb" if _VERBAL.search(name) else "noun"
    forms = _wording()[kind]["ahead" if forward else "back"]
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"

    def made(form: str) -> str:
        return form.replace("{nouns}", plural).replace("{noun}", noun).replace("{n}", name)

    entry: dict[str, Any] = {split: [made(form) for form in forms[split]] for split in SPLITS}
    entry |= {"noun": [noun, plural], "many": not forward}
    for part in ("np", "vp"):
        if part in forms:
            entry[part] = {split: [made(forms[part])] for split in SPLITS}
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
        for part, by in _wording()["attribute"].items()
    }
