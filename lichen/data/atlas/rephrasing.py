"""Questions turned into the phrases for what they ask, by the shape of the sentence.

"Which countries share a border with {x}?" gives "the countries that share a border with {x}". A
step has a dozen questions and three or four phrases written by hand; composed questions of the
training split take both, so that training shows more ways to say the inner step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_PREPOSITION = "(In|On|To|From|Of|With|Through|By|At|For|Under|Along|Across)"
_THIRD = re.compile(r"(s|x|sh|ch|o)$")
_SLOT = r"\{x\}"
_TURNED = "does|do|did|can|could|should|must|will|would|of|in|on|and|or"
"""Words after "which country" that show that it is not what does something."""
_OF = "哪(?:个|些|座|条|一个)"
Shape = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


def phrases(forms: Iterable[str], nouns: Iterable[str], *, language: str = "en") -> list[str]:
    """Return the phrases that questions give, each once, in their order.

    Args:
        forms: questions with the slot {x}.
        nouns: what the answer may be called, in the number that the phrase shall have.
        language: "en" or "zh".

    Returns:
        Phrases with the same slot; a question of another shape gives none.

    >>> phrases(["Through which countries does {x} flow?", "Where is {x}?"], ["countries"])
    ['the countries through which {x} flows']
    >>> phrases(["哪些国家与{x}相邻？"], ["国家"], language="zh")
    ['与{x}相邻的国家']
    """
    shapes = _chinese(nouns) if language == "zh" else _english(nouns)
    found = []
    for form in forms:
        for shape, build in shapes:
            match = shape.match(form)
            if match:
                found.append(build(match))
                break
    return [one for one in dict.fromkeys(found) if one.count("{x}") == 1]


def _english(nouns: Iterable[str]) -> list[Shape]:
    noun = f"((?:(?!(?:do|does|is|are) )[a-z]+ )?(?:{_either(nouns)}))"
    asks = f"(?:Which|What) {noun}"
    within = f"{_PREPOSITION} (?:which|what) {noun}"
    does = r"(?:does|\[does\|do\])"
    return [
        (
            re.compile(rf"(?:What|Who) (?:is|are|\[is\|are\]) (the .*{_SLOT}.*)\?$"),
            lambda m: m[1],
        ),
        (
            re.compile(rf"(?:Name|List|Tell me|Give me|Give) (?:the|all) (.*{_SLOT}.*)\.$"),
            lambda m: f"the {m[1]}",
        ),
        (
            re.compile(rf"{asks} {does} (.*{_SLOT}) ([a-z]+)(.*)\?$"),
            lambda m: f"the {m[1]} that {m[2]} {_third(m[3])}{m[4]}",
        ),
        (
            re.compile(rf"{asks} do ((?!I |you |we ).*{_SLOT}.*)\?$"),
            lambda m: f"the {m[1]} that {m[2]}",
        ),
        (
            re.compile(rf"{asks} (?!(?:{_TURNED}) )"
                       rf"(?!(?:is|are|was|were|has|have|lies?) (?:there|{_SLOT}))"
                       rf"((?:[a-z]+|<[^>]*>) .*{_SLOT}.*)\?$"),
            lambda m: f"the {m[1]} that {m[2]}",
        ),
        (
            re.compile(rf"{within} {does} (.*{_SLOT}) ([a-z]+)(.*)\?$"),
            lambda m: f"the {m[2]} {m[1].lower()} which {m[3]} {_third(m[4])}{m[5]}",
        ),
        (
            re.compile(rf"{within} (is|was|can|lies) (.*{_SLOT})(.*)\?$"),
            lambda m: f"the {m[2]} {m[1].lower()} which {m[4]} {m[3]}{m[5]}",
        ),
        (
            re.compile(rf"{_SLOT} (is|was|lies|has|[a-z]+s) (.*?)(?:which|what) {noun}\?$"),
            lambda m: f"the {m[3]} that {{x}} {m[1]} {m[2]}".rstrip(),
        ),
    ]  # fmt: skip


def _chinese(nouns: Iterable[str]) -> list[Shape]:
    noun = f"({_either(nouns)})"
    return [
        (
            re.compile(rf"(?:请问)?({_SLOT}的[^，]+?)(?:是|有|叫)(?:哪|什么|谁).*？$"),
            lambda m: m[1],
        ),
        (
            re.compile(rf"(?:哪|{_OF}){noun}的?([^，]*{_SLOT}.*)？$"),
            lambda m: f"{m[2]}的{m[1]}",
        ),
        (
            re.compile(rf"([^，]*{_SLOT}.*的{noun})(?:是|有)哪.*？$"),
            lambda m: m[1],
        ),
        (
            re.compile(rf"({_SLOT}[^，的]+){_OF}{noun}？$"),
            lambda m: f"{m[1]}的{m[2]}",
        ),
    ]  # fmt: skip


def _either(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda one: (-len(one), one)))


def _third(verb: str) -> str:
    """Return a verb as it stands after one thing."""
    if verb == "have":
        return "has"
    if _THIRD.search(verb):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if re.search(r"[^aeiou]y$", verb) else f"{verb}s"
