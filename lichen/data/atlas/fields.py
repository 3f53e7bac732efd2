"""Field text: markup removed, notes cut, lists split with brackets respected."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache

_BREAK = re.compile(r"<\s*/?\s*(?:br|p|li|ul|ol|div)\s*/?\s*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_NOTE = re.compile(r"(?:^|[\s;,.])\(?note(?:\s*\d+)?\s*(?::|-|–)\s", re.IGNORECASE)
_NUMBER = r"(?:\d+(?:[.,]\d+)?|\.\d+)"
_SHARE = re.compile(
    r"(?:(?:less|more) than |about |approximately |almost |nearly |over |under |roughly |[<>~]\s?)*"
    rf"(?:{_NUMBER}\s?%?\s?[-–]\s?)?{_NUMBER}\s?%"
)
_YEAR = re.compile(r"\(\s*(?:FY)?\s?\d{4}(?:\s?[-/]\s?\d{2,4})?(?:\s*est\.?)?\s*\)")


def clean(text: str) -> str:
    """Remove markup and entities; line breaks stay as newlines.

    >>> clean("Donau&nbsp;<strong>(Danube)</strong><br><br>C&ocirc;te").split(chr(10))
    ['Donau (Danube)', 'Côte']
    """
    text = _BREAK.sub("\n", text)
    text = _TAG.sub("", html.unescape(html.unescape(text)))
    text = unicodedata.normalize("NFC", text).replace("\u2019", "'").replace("\u2018", "'")
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def without_notes(text: str) -> str:
    """Cut a field at its first "note:" or "note -".

    >>> without_notes("Ottawa; note - on the river")
    'Ottawa'
    """
    found = _NOTE.search(text)
    return (text[: found.start()] if found else text).strip(" ;,\n")


def split_list(text: str, separators: str = ",;\n") -> list[str]:
    """Split at separators outside brackets; a comma inside a number does not count.

    >>> split_list("iron ore (1,200 t, hidden), salt, 3,000 km of coast")
    ['iron ore (1,200 t, hidden)', 'salt', '3,000 km of coast']
    """
    parts, depth, start = [], 0, 0
    for i, sign in enumerate(text):
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth = max(0, depth - 1)
        elif sign in separators and depth == 0 and not _inside_number(text, i):
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def _inside_number(text: str, i: int) -> bool:
    before, after = text[i - 1 : i], text[i + 1 : i + 2]
    return text[i] == "," and before.isdigit() and after.isdigit()


def brackets(text: str) -> tuple[str, list[str]]:
    """Separate a text from what stands in its outermost round brackets.

    >>> brackets("Donau (Danube (river)) in Austria (part)")
    ('Donau in Austria', ['Danube (river)', 'part'])
    """
    base: list[str] = []
    inner: list[str] = []
    depth, start = 0, 0
    for i, sign in enumerate(text):
        if sign == "(":
            if depth == 0:
                start = i + 1
            depth += 1
        elif sign == ")":
            if depth == 1:
                inner.append(text[start:i].strip())
            depth = max(0, depth - 1)
        elif depth == 0:
            base.append(sign)
    if depth > 0:
        inner.append(text[start:].strip())
    joined = " ".join("".join(base).split())
    return re.sub(r" +([,;.])", r"\1", joined), [part for part in inner if part]


def without_shares(text: str) -> str:
    """Remove percentages and "(2023 est.)" marks.

    >>> without_shares("German 88.6% (2001 est.)")
    'German'
    """
    text = _YEAR.sub("", text)
    return " ".join(_SHARE.sub("", text).split()).strip(" ,;:")


@cache
def fold(text: str) -> str:
    """Return a text for comparison: no case, accents, punctuation or article.

    >>> fold("The Côte d’Ivoire") == fold("Cote d'Ivoire")
    True
    """
    text = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o"))
    text = "".join(c for c in text if not unicodedata.combining(c)).casefold()
    text = re.sub(r"[^\w ]+", " ", text.replace("'", "").replace("’", ""))
    return " ".join(text.removeprefix("the ").split())


def singular(text: str) -> str:
    """Return the folded singular of an English commodity, for comparison only.

    >>> singular("Refined copper ores"), singular("bus"), singular("berries"), singular("glass")
    ('refined copper ore', 'bus', 'berry', 'glass')
    """
    words = fold(text).split(" ")
    last = words[-1]
    if last.endswith("ies") and len(last) > 4:
        last = last[:-3] + "y"
    elif last.endswith(("sses", "shes", "ches", "xes", "oes")):
        last = last[:-2]
    elif last.endswith("s") and not last.endswith(("ss", "us", "is")) and len(last) > 3:
        last = last[:-1]
    return " ".join([*words[:-1], last])
