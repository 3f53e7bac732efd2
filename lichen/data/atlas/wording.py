"""The wording of questions: phrase tables in, forms of one split out, filled and agreed."""

from __future__ import annotations

import re
import tomllib
import zlib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, NamedTuple

from lichen.data.atlas.facts import DRAW
from lichen.data.atlas.phrase import Phrase
from lichen.data.atlas.rephrasing import phrases
from lichen.data.corpus import Candidate, Mention, Span

SPLITS = ("train", "valid", "test")
TABLES = {"en": ("phrases_en.toml", "frames_en.toml"), "zh": ("phrases_zh.toml",)}
OTHER_NOUNS = (
    ("nation", "state", "land", "town", "place", "territory", "body", "group", "tongue"),
    ("nations", "states", "lands", "towns", "places", "territories", "bodies", "groups", "tongues"),
)
"""What answers are called besides the nouns of the tables: one, several."""
PLURALS = {"is": "are", "does": "do", "has": "have", "was": "were", "lies": "lie"}
_BEFORE = re.compile(r"\b(is|does|has|was)(?= \{x\})")
_AFTER = re.compile(r"(?<=\{x\} )(is|has|was|lies)\b")
_CHOICE = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")
_AGREEMENT = re.compile(r"<([^|>]*)\|([^>]*)>")
_SLOT = re.compile(r"\{(x|y|a|b)\}")
_NAME_ONLY = re.compile(
    r"\b(?:a|an|called|(?:city|province|region|town|district|territory|area|unit|type|continent)"
    r"(?: of)?|faith|religion|metropolis|hue|natural|foreign|overseas|industry|government|the)"
    r" \{x\}"
    r"|\{x\} (?:believers|communities|creed|denomination|faith|industry|sector|population"
    r"|religious)"
    r"|^\{x\}: |\{x\}'s"
)


class Form(NamedTuple):
    """One wording: its text with slots, and its number for the records."""

    text: str
    id: str


class Filled(NamedTuple):
    """A text with the mentions that stand in it."""

    text: str
    mentions: tuple[Mention, ...] = ()


class Wording:
    """All wording of one language and one split.

    Args:
        language: "en" or "zh".
        split: train, valid or test; their forms are disjoint.
        draw: the deal of the forms to the splits.
        steps: entries of steps that the tables lack.
        attributes: entries of attributes that the tables lack.
    """

    def __init__(
        self,
        language: str,
        split: str,
        *,
        draw: int = DRAW,
        steps: Mapping[str, Any] = MappingProxyType({}),
        attributes: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.language = language
        self.split = split
        self.draw = draw
        self._table = tables(language)
        self.steps: Mapping[str, Any] = {**steps, **self._table.get("steps", {})}
        """Entries by key, such as "capital>"."""
        self.attributes: Mapping[str, Any] = {**attributes, **self._table.get("attributes", {})}

    def questions(self, step: str) -> list[Form]:
        """Return the question forms of a step."""
        return self._forms(f"{step}", self.steps[step])

    def parts(self, step: str, part: str) -> list[Form]:
        """Return the noun phrases ("np") or predicates ("vp") of a step."""
        entry = self.steps[step].get(part, {})
        found = self._forms(f"{step}{part}", entry)
        if part == "np" and found and self.split == "train":
            written = {form for split in SPLITS for form in entry.get(split, ())}
            found += [form for form in self._rephrased(step) if form.text not in written]
        return found

    def _rephrased(self, step: str) -> list[Form]:
        """Return noun phrases made from the questions of a step, of this split like those."""
        nouns = {str(one["noun"][self.is_many(step)]) for one in self._table["steps"].values()}
        nouns |= {self.noun(step, plural=self.is_many(step))}
        nouns |= set(OTHER_NOUNS[self.is_many(step)]) if self.language == "en" else set()
        return [
            Form(text, f"{form.id}:np")
            for form in self.questions(step)
            for text in phrases([form.text], nouns, language=self.language)
        ]

    def of_attribute(self, attribute: str, part: str) -> list[Form]:
        """Return the forms of an attribute: ask, max, min, more or less."""
        return self._forms(f"{attribute}:{part}", self.attributes[attribute].get(part, {}))

    def frames(self, frame: str) -> list[Form]:
        """Return the frames that compose parts, such as count, both, extreme or pair."""
        return self._forms(frame, self._table.get("frames", {}).get(frame, {}))

    def outside(self) -> list[Form]:
        """Return questions of which no graph of lands holds the answer."""
        return self._forms("outside", self._table.get("unanswerable", {}))

    def unknown(self) -> tuple[str, ...]:
        """Return names of places that do not exist."""
        return tuple(form.text for form in self._forms("unknown", self._table.get("unknown", {})))

    def noun(self, step: str, *, plural: bool) -> str:
        """Return what the answers of a step are called."""
        return str(self.steps[step]["noun"][int(plural)])

    def is_many(self, step: str) -> bool:
        """Say whether a step typically leads to several things."""
        return bool(self.steps[step].get("many"))

    def _forms(self, id_: str, entry: Mapping[str, Any]) -> list[Form]:
        return [
            Form(text, f"{self.language}:{id_}:{number}")
            for number, text in divided(entry, draw=self.draw)[self.split]
        ]


@lru_cache(maxsize=4)
def tables(language: str) -> dict[str, Any]:
    """Return the merged phrase tables of a language; empty for one that has none."""
    merged: dict[str, Any] = {}
    for name in TABLES.get(language, ()):
        merged.update(tomllib.loads((files("lichen.data.atlas") / name).read_text("utf-8")))
    return merged


def divided(entry: Mapping[str, Any], *, draw: int = DRAW) -> dict[str, list[tuple[int, str]]]:
    """Divide all forms of an entry over the splits by their hash, the same in every run.

    A fifth goes to the test split and an eighth to the validation split, at least one each.
    Fewer than three forms are shared by all splits.

    Args:
        entry: lists of forms; under which key a form stands does not matter.
        draw: the deal.

    Returns:
        Split to (number, form); the number is the form's place in the tables.
    """
    forms = list(dict.fromkeys(form for split in SPLITS for form in entry.get(split, ())))
    numbered = list(enumerate(forms))
    if len(forms) < len(SPLITS):
        return dict.fromkeys(SPLITS, numbered)
    numbered.sort(key=lambda one: zlib.crc32(f"{draw}|{one[1]}".encode()))
    num_test, num_valid = max(1, round(len(forms) / 5)), max(1, round(len(forms) / 8))
    return {
        "test": numbered[:num_test],
        "valid": numbered[num_test : num_test + num_valid],
        "train": numbered[num_test + num_valid :],
    }


def agree(text: str, *, anchor_plural: bool = False, answer_plural: bool = True) -> str:
    """Choose the words that fit one or several anchors and answers.

    >>> agree("What [is|are] the flag of {x}, and is {x} old?", anchor_plural=True)
    'What are the flag of {x}, and are {x} old?'
    >>> agree("<borders|border> {x}", answer_plural=False)
    'borders {x}'
    """
    text = _CHOICE.sub(lambda m: m.group(1 + anchor_plural), text)
    text = _AGREEMENT.sub(lambda m: m.group(1 + answer_plural), text)
    if anchor_plural:
        text = _BEFORE.sub(lambda m: PLURALS[m.group()], text)
        text = _AFTER.sub(lambda m: PLURALS[m.group()], text)
    return " ".join(text.split())


def takes_phrase(form: Form) -> bool:
    """Say whether a form stays correct when its anchor is a noun phrase and not a name."""
    return _NAME_ONLY.search(form.text) is None and form.text.count("{x}") == 1


def fill(text: str, slots: Mapping[str, Filled]) -> Filled:
    """Put filled parts into the slots {x}, {y}, {a}, {b} and keep track of their mentions.

    >>> part = Filled("the Danube", (Mention(Span(4, 10), 7),))
    >>> fill("Where is {x}?", {"x": part}).mentions[0].span
    Span(start=13, end=19)
    >>> fill("Is it a {x}?", {"x": Filled("island")}).text
    'Is it an island?'
    """
    out, at, mentions = "", 0, []
    for slot in _SLOT.finditer(text):
        part = slots[slot.group(1)]
        out += text[at : slot.start()]
        if out.endswith((" a ", "A ")) and part.text[:1].lower() in "aeio":
            out = f"{out[:-1]}n "
        for mention in part.mentions:
            start, end = mention.span
            mentions.append(mention._replace(span=Span(start + len(out), end + len(out))))
        out += part.text
        at = slot.end()
    return Filled(out + text[at:], tuple(mentions))


def named(entity: int, words: Phrase) -> Filled:
    """Return an entity's name with its article as a filled part."""
    span = Span(len(words.article), len(words.article) + len(words.text))
    return Filled(words.article + words.text, (Mention(span, entity, (Candidate(entity, 1.0),)),))


def sentence(part: Filled) -> Filled:
    """Return a filled text with a capital first letter."""
    return part._replace(text=part.text[:1].upper() + part.text[1:])
