"""Drafts of questions of every kind, from facts and wording of one split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from lichen.data.atlas.choosing import Chooser, back
from lichen.data.atlas.wording import Filled, Form, agree, fill, sentence, takes_phrase
from lichen.data.corpus import Mention
from lichen.data.query import Branch, Query, Step

MAX_ANSWERS = 80
MAX_MIDDLE = 40
PLACES = frozenset({"country", "territory", "city", "river", "lake", "mountain"})
"""Types of things that questions from outside the graph are asked about."""
BRIDGES = frozenset({
    "capital<", "borders>", "continent<", "flows_through>", "river_source>", "river_mouth>",
    "lake_in>", "highest_point<", "official_language<", "currency<", "government_type<",
    "chief_of_state<", "head_of_government<", "administrative_division<", "major_city<", "capital>",
    "export_partner>", "import_partner>", "member_of<", "independence_from>", "dependency_of>",
    "region<", "official_language>", "currency>", "continent>", "flows_through<",
})  # fmt: skip
"""First steps of two, where Atlas has them: through a country, or what people know one by."""
UNASKED = frozenset({
    "legal_system", "represented_in", "contributes_to", "observer_of", "associated_with",
    "part_of", "national_symbol", "national_colour", "flows_into", "coast_on",
})  # fmt: skip
"""Relations that nobody asks of a thing given only by description."""
NUMBERS = {
    "two_hop": 2600,
    "intersection": 450,
    "count": 350,
    "superlative": 700,
    "compare": 350,
    "missing": 500,
    "unknown": 450,
}
"""Composed questions of each kind at size 1; one-hop questions follow from the wording."""


class Draft(NamedTuple):
    """A question before it is numbered."""

    kind: str
    text: str
    mentions: tuple[Mention, ...]
    query: Query | None
    answers: tuple[int, ...] = ()
    value: float | None = None
    paraphrase: str = ""
    is_held_out_pair: bool = False


class Asker(Chooser):
    """Make drafts of one language and split."""

    def all(self, asked: list[str], *, size: float) -> Iterator[Draft]:
        """Go through drafts of all kinds.

        Args:
            asked: keys of the steps to ask about.
            size: 1 makes as many composed questions as `NUMBERS` says.

        Yields:
            Drafts; a text may come more than once.
        """
        asked = [key for key in asked if key in self.wording.steps and self.anchors(key)]
        composed = [key for key in asked if self.wording.parts(key, "np")]
        plural = [key for key in asked if self.wording.parts(key, "vp")]
        bridges = [key for key in composed if key in BRIDGES] or composed
        second = [key for key in asked if key[:-1] not in UNASKED]
        has_numbers = any(a in self.wording.attributes for a in self.facts.numbers)
        yield from self.one_hop(asked, times=1 + (size >= 0.3))
        yield from self.framed(asked)
        yield from self.literals()
        yield from self.outside(asked)
        makers: dict[str, tuple[bool, Callable[[], Draft | None]]] = {
            "two_hop": (bool(composed), lambda: self.two_hop(bridges, second)),
            "intersection": (bool(plural), lambda: self.intersection(plural)),
            "count": (bool(plural), lambda: self.count(plural)),
            "superlative": (bool(plural) and has_numbers, lambda: self.superlative(plural)),
            "compare": (has_numbers, self.compare),
            "missing": (bool(asked), lambda: self.missing(asked)),
            "unknown": (bool(asked), lambda: self.unknown(asked)),
        }
        for kind, (is_possible, make) in makers.items():
            if is_possible:
                yield from self.many(round(NUMBERS[kind] * size), make)

    def one_hop(self, asked: list[str], *, times: int) -> Iterator[Draft]:
        """Ask every form of every step about a few anchors."""
        for key in asked:
            for form in self.wording.questions(key):
                for anchor in self.some(self.anchors(key), times):
                    answers = self.facts.follow((anchor,), key)
                    part = self.name(anchor)
                    if part is None or len(answers) > MAX_ANSWERS:
                        continue
                    query = Query("select", (Branch(anchor, (Step.of(key),)),))
                    text = self.about(form, part)
                    yield _draft("one_hop", text, query, form, answers=answers)

    def framed(self, asked: list[str]) -> Iterator[Draft]:
        """Ask one step by its noun phrases and predicates, put into frames."""
        for key in asked:
            for part, frame_name in (("np", "name"), ("vp", "do")):
                frames = self.wording.frames(frame_name)
                for form in self.wording.parts(key, part) if frames else ():
                    anchor = self.one(self.anchors(key))
                    answers = self.facts.follow((anchor,), key)
                    name = self.name(anchor)
                    if name is None or len(answers) > MAX_ANSWERS:
                        continue
                    frame = self.one(frames)
                    x = self.about(form, name)
                    text = fill(
                        _words(frame.text, np="{x}", vp="{x}", **self._nouns(key)), {"x": x}
                    )
                    query = Query("select", (Branch(anchor, (Step.of(key),)),))
                    yield _draft("one_hop", text, query, frame, form, answers=answers)

    def literals(self) -> Iterator[Draft]:
        """Ask every form of every attribute about a few entities."""
        times = 1 + (self.wording.split == "test")
        times *= 1 if self.wording.language == "en" else 5
        for attribute, numbers in self.facts.numbers.items():
            if attribute not in self.wording.attributes:
                continue
            own = [e for e in numbers if self.is_ours(attribute, e)]
            for form in self.wording.of_attribute(attribute, "ask"):
                for anchor in self.some(own, times):
                    part = self.name(anchor)
                    if part is None:
                        continue
                    query = Query("lookup", (Branch(anchor),), attribute)
                    text = self.about(form, part)
                    yield _draft("literal", text, query, form, value=numbers[anchor])

    def two_hop(self, composed: list[str], asked: list[str]) -> Draft | None:
        """Ask one step, or an attribute, about the phrase of another step."""
        first = self.one(composed)
        anchor = self.one(self.anchors(first))
        middle = self.facts.follow((anchor,), first)
        part = self.name(anchor)
        if part is None or len(middle) > MAX_MIDDLE:
            return None
        inner = self.one(self.wording.parts(first, "np"))
        is_plural = self.wording.is_many(first)
        x = self.about(inner, part)
        if len(middle) == 1 and self.rng.random() < 0.12:
            return self._number_of(first, inner, anchor, middle[0], x)
        keys = {key for entity in middle for key in self.facts.links.get(entity, {})}
        onward = sorted(keys.intersection(asked) - {back(first)})
        second = self.one(onward) if onward else None
        kept_for = self.pair_part(first, second) if second else ""
        if second is None or kept_for not in ("train", self.wording.split):
            return None
        answers = self.facts.follow(middle, second)
        forms = [form for form in self.wording.questions(second) if takes_phrase(form)]
        if not forms or not 0 < len(answers) <= MAX_ANSWERS:
            return None
        form = self.one(forms)
        text = fill(agree(form.text, anchor_plural=is_plural), {"x": x})
        query = Query("select", (Branch(anchor, (Step.of(first), Step.of(second))),))
        draft = _draft("two_hop", text, query, inner, form, answers=answers)
        return draft._replace(is_held_out_pair=kept_for != "train")

    def _number_of(
        self, first: str, inner: Form, anchor: int, middle: int, x: Filled
    ) -> Draft | None:
        known = [
            a
            for a, numbers in self.facts.numbers.items()
            if middle in numbers and a in self.wording.attributes
        ]
        attribute = self.one(known) if known else None
        forms = self.wording.of_attribute(attribute, "ask") if attribute else []
        if not forms or attribute is None:
            return None
        form = self.one([form for form in forms if takes_phrase(form)] or forms)
        query = Query("lookup", (Branch(anchor, (Step.of(first),)),), attribute)
        value = self.facts.numbers[attribute][middle]
        return _draft(
            "two_hop",
            fill(agree(form.text, anchor_plural=self.wording.is_many(first)), {"x": x}),
            query,
            inner,
            form,
            value=value,
        )

    def intersection(self, plural: list[str]) -> Draft | None:
        """Ask for what two predicates share: other steps, or one step with two anchors."""
        first = self.one(plural)
        noun = self.wording.noun(first, plural=True)
        fellows = [key for key in plural if self.wording.noun(key, plural=True) == noun]
        is_same = self.rng.random() < 0.4 and bool(self.wording.frames("same"))
        second = first if is_same else self.one(fellows)
        one = self.one(self.anchors(first))
        ends = self.facts.follow((one,), first)
        meeting = self.one(list(ends))
        others = self.facts.links[meeting].get(back(second), [])
        other = self.one(others) if others else one
        found = set(self.facts.follow((other,), second))
        answers = tuple(e for e in ends if e in found)
        part, fellow = self.name(one), self.name(other)
        if other == one or not answers or part is None or fellow is None:
            return None
        if len(answers) in (len(ends), len(found)) or len(answers) > MAX_ANSWERS:
            return None
        vp1 = self.one(self.wording.parts(first, "vp"))
        steps = (Branch(one, (Step.of(first),)), Branch(other, (Step.of(second),)))
        query = Query("select", steps)
        x = self.about(vp1, part)
        if is_same:
            frame = self.one(self.wording.frames("same"))
            text = fill(_words(frame.text, nouns=noun, vp1="{x}"), {"x": x, "y": fellow})
            return _draft("intersection", text, query, frame, vp1, answers=answers)
        vp2 = self.one(self.wording.parts(second, "vp"))
        y = self.about(vp2, fellow)
        frame = self.one(self.wording.frames("both"))
        text = fill(_words(frame.text, nouns=noun, vp1="{x}", vp2="{y}"), {"x": x, "y": y})
        return _draft("intersection", text, query, frame, vp1, vp2, answers=answers)

    def count(self, plural: list[str]) -> Draft | None:
        """Ask how many things do something."""
        group = self.group(plural)
        if group is None:
            return None
        key, anchor, ends, part = group
        frame = self.one(self.wording.frames("count"))
        vp = self.one(self.wording.parts(key, "vp"))
        x = self.about(vp, part)
        noun = self.wording.noun(key, plural=True)
        text = fill(_words(frame.text, nouns=noun, vp="{x}"), {"x": x})
        query = Query("count", (Branch(anchor, (Step.of(key),)),))
        return _draft("count", text, query, frame, vp, value=float(len(ends)))

    def superlative(self, plural: list[str]) -> Draft | None:
        """Ask for the extreme one of a group, or of all things of a type."""
        side = self.one(["max", "max", "min"])
        if self.rng.random() < 0.15:
            return self._overall(side)
        group = self.group(plural)
        fitting = self.fitting(group.ends) if group else []
        if group is None or not fitting:
            return None
        key, anchor, ends, part = group
        attribute = self.one(fitting)
        best = self.best(ends, attribute, side)
        pred = self.one(self.wording.of_attribute(attribute, side))
        frame = self.one(self.wording.frames("extreme"))
        if best is None:
            return None
        uses_np = "{np}" in frame.text
        forms = self.wording.parts(key, "np" if uses_np else "vp")
        if not forms:
            return None
        form = self.one(forms)
        is_one = "{noun} that" in frame.text or "{vp} {pred}" in frame.text.replace(",", "")
        x = fill(agree(form.text, answer_plural="{nouns}" in frame.text or not is_one), {"x": part})
        text = _words(frame.text, np="{x}", vp="{x}", pred=pred.text, **self._nouns(key))
        query = Query(side, (Branch(anchor, (Step.of(key),)),), attribute)
        return _draft(
            "superlative", fill(text, {"x": x}), query, frame, form, pred, answers=(best,)
        )

    def _overall(self, side: str) -> Draft | None:
        types = [t for t, e in self.facts.of_type.items() if len(e) > 10 and self.noun_of(t)]
        if not types or not self.wording.frames("overall"):
            return None
        type_ = self.one(types)
        fitting = self.fitting(tuple(self.facts.of_type[type_]))
        if not fitting:
            return None
        attribute = self.one(fitting)
        best = self.best(tuple(self.facts.of_type[type_]), attribute, side)
        frame = self.one(self.wording.frames("overall"))
        pred = self.one(self.wording.of_attribute(attribute, side))
        if best is None:
            return None
        noun, nouns = self.noun_of(type_) or (type_, type_)
        text = _words(frame.text, noun=noun, nouns=nouns, pred=pred.text)
        query = Query(side, (Branch(None, (), type_),), attribute)
        return _draft("superlative", Filled(text), query, frame, pred, answers=(best,))

    def compare(self) -> Draft | None:
        """Ask which of two things has more or less of something."""
        known = sorted(set(self.facts.numbers).intersection(self.wording.attributes))
        attribute = self.one(known)
        side = self.one(["more", "less"])
        if not self.wording.frames("pair"):
            return None
        numbers = self.facts.numbers[attribute]
        own = [e for e in numbers if self.is_ours(attribute, e)] or list(numbers)
        one, other = self.one(own), self.one(own)
        types = self.facts.graph.types_of(one)
        a, b = self.name(one), self.name(other)
        if numbers[one] == numbers[other] or a is None or b is None or not types:
            return None
        nouns = self.noun_of(types[0])
        if self.facts.graph.types_of(other)[:1] != types[:1] or nouns is None:
            return None
        frame = self.one(self.wording.frames("pair"))
        pred = self.one(self.wording.of_attribute(attribute, side))
        text = _words(frame.text, noun=nouns[0], nouns=nouns[1], pred=pred.text)
        operation = "max" if side == "more" else "min"
        is_first = (numbers[one] > numbers[other]) == (side == "more")
        query = Query(operation, (Branch(one), Branch(other)), attribute, is_union=True)
        filled = fill(text, {"a": a, "b": b})
        return _draft("compare", filled, query, frame, pred, answers=(one if is_first else other,))

    def missing(self, asked: list[str]) -> Draft | None:
        """Ask a step about an entity that should have it and does not."""
        key = self.one(asked)
        fitting = sorted(self.facts.anchor_types(key))
        near = [e for t in fitting for e in self.facts.of_type.get(t, ())]
        near = [e for e in near if key not in self.facts.links.get(e, {}) and self.is_ours(key, e)]
        anchor = self.one(near) if near else None
        part = self.name(anchor) if anchor is not None else None
        if part is None:
            return None
        form = self.one(self.wording.questions(key))
        query = Query("select", (Branch(anchor, (Step.of(key),)),))
        return _draft("unanswerable", self.about(form, part), query, form)

    def outside(self, asked: list[str]) -> Iterator[Draft]:
        """Ask what no graph of lands knows."""
        known = sorted({e for key in asked for e in self.anchors(key)})
        types_of = self.facts.graph.types_of
        places = [e for e in known if PLACES.intersection(types_of(e))] or known
        lands = [e for e in places if "country" in types_of(e)] or places
        for form in self.wording.outside():
            for anchor in self.some(lands, 3) + self.some(places, 2):
                part = self.name(anchor)
                if part is not None:
                    yield _draft("unanswerable", fill(form.text, {"x": part}), None, form)

    def unknown(self, asked: list[str]) -> Draft | None:
        """Ask about a place that does not exist, alone or beside one that does."""
        if not self.wording.unknown():
            return None
        nowhere = Filled(self.one(list(self.wording.unknown())))
        key = self.one(asked)
        if self.rng.random() < 0.4 and self.wording.frames("pair") and self.facts.numbers:
            draft = self.compare()
            if draft is None:
                return None
            gone = draft.mentions[int(self.rng.integers(len(draft.mentions)))]
            return _without(draft, gone, nowhere.text)
        form = self.one(self.wording.questions(key))
        text = fill(agree(form.text), {"x": nowhere})
        return _draft("unanswerable", text, None, form)

    def _nouns(self, step: str) -> dict[str, str]:
        return {
            "noun": self.wording.noun(step, plural=False),
            "nouns": self.wording.noun(step, plural=True),
        }


def _words(frame: str, **words: str) -> str:
    for key, word in words.items():
        frame = frame.replace(f"{{{key}}}", word)
    return frame


def _draft(
    kind: str,
    filled: Filled,
    query: Query | None,
    *forms: Form,
    answers: tuple[int, ...] = (),
    value: float | None = None,
) -> Draft:
    text, mentions = sentence(filled)
    wording = "|".join(form.id for form in forms)
    return Draft(kind, text, mentions, query, answers, value, wording)


def _without(draft: Draft, gone: Mention, nowhere: str) -> Draft:
    """Return an unanswerable draft in which an unknown name stands for a mention."""
    start, end = gone.span
    if draft.text[:start].lower().endswith("the "):
        start -= 4
    shift = len(nowhere) - (end - start)
    kept = tuple(
        m._replace(span=m.span._replace(start=m.span.start + shift, end=m.span.end + shift))
        if m.span.start > start
        else m
        for m in draft.mentions
        if m is not gone
    )
    text = draft.text[:start] + nowhere + draft.text[end:]
    return Draft("unanswerable", text, kept, None, paraphrase=draft.paraphrase)
