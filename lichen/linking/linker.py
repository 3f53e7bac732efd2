"""Text -> mentions of a graph's entities, with candidates as probabilities, or NIL."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lichen.base.errors import DataError
from lichen.base.progress import track
from lichen.data.corpus import Candidate, Corpus, Mention, Span
from lichen.data.graph import Graph
from lichen.linking import propose
from lichen.linking.candidates import CandidateIndex, Named
from lichen.linking.config import LinkConfig
from lichen.linking.knowledge import Knowledge
from lichen.linking.mentions import MentionFinder, names_of
from lichen.linking.rank import DEFAULT, Weights, clues_of
from lichen.linking.vectors import Encoder, EntityVectors

LONG_TEXT = 1000
"""Characters from which only runs of capitalised words are compared with names."""
AT_ONCE = 64
"""Documents whose contexts are encoded together."""
NEIGHBOURING = 12
"""Mentions before and after one whose candidates are looked at for coherence."""


_Cosines = NDArray[np.float32] | None


class _Place(NamedTuple):
    """A stretch of text and the entities with such a name."""

    span: Span
    named: tuple[Named, ...]


class Weighed(NamedTuple):
    """A mention before it is decided."""

    span: Span
    entities: tuple[int, ...]
    """Its candidates; none where no name is near."""
    clues: NDArray[np.float64]
    """`(candidates, len(CLUES))`: what speaks for each."""


class Linker:
    """Find where a text mentions entities of a graph, and decide which.

    Names are found in one pass (`MentionFinder`), misspelt ones by trigrams and edit distance.
    Where several entities share a name, they are ranked by how the name agrees, how near the
    text is in meaning to what is known of each, how many of the text's other entities are its
    neighbours, and how prominent it is.

    Args:
        graph: whose entities are linked.
        text: gives unit vectors for strings; None ranks without the meaning of the text.
        config: limits and thresholds.

    >>> graph = Graph.from_triples([("Vienna", "capital_of", "Austria")])
    >>> [m.entity for m in Linker(graph).mentions("Is Vienna in Austria?")]
    [0, 1]
    """

    def __init__(
        self, graph: Graph, text: Encoder | None = None, *, config: LinkConfig | None = None
    ) -> None:
        self.config = config or LinkConfig()
        names = names_of(graph)
        self.weights: Weights = DEFAULT
        """How much each clue counts; `lichen.linking.calibrate` learns others."""
        self._finder = MentionFinder(names)
        self._index = CandidateIndex(names)
        self._knowledge = Knowledge(graph)
        self._vectors = None if text is None else EntityVectors(text, self._knowledge)

    def add_entity(
        self, entity: int, label: str, *, types: tuple[str, ...] = (), description: str = ""
    ) -> None:
        """Let text mention an entity that the graph did not have, from the next call on.

        Args:
            entity: its id, not yet used.
            label: its first name.
            types: the most specific first.
            description: a sentence or more about it.

        Raises:
            DataError: the id is in use.
        """
        self._knowledge.add(entity, label, types=types, description=description)
        self.add_name(entity, label)

    def add_name(self, entity: int, text: str) -> None:
        """Let text mention an entity by one more name, from the next call on.

        Args:
            entity: its id.
            text: the name.

        Raises:
            DataError: the entity is unknown, or the name empty.
        """
        if not self._knowledge.has(entity):
            raise DataError(
                f"entity must be an id of the graph or of add_entity; got {entity}. "
                "Add the entity first."
            )
        self._finder.add(entity, text)
        self._index.add(entity, text)

    def add_fact(self, h: int, t: int) -> None:
        """Let two entities count as neighbours, from the next call on."""
        self._knowledge.connect(h, t)

    def mentions(
        self,
        text: str,
        *,
        types: Iterable[str] | None = None,
        spans: Sequence[Span] | None = None,
    ) -> tuple[Mention, ...]:
        """Return the mentions of a text in order, not overlapping.

        Args:
            text: any text; an empty one has none.
            types: link only to entities of one of these types; None is all.
            spans: link these stretches, given by somebody else, instead of searching.

        Returns:
            Mentions with candidates best first, whose scores are probabilities.
        """
        (weighed,) = self._weigh([(text, self._places(text, types, spans))])
        return tuple(self._mention(mention) for mention in weighed)

    def link(self, corpus: Corpus) -> Corpus:
        """Return the corpus with the mentions of every document found and decided.

        Args:
            corpus: whose mentions are replaced.
        """
        found: list[tuple[Mention, ...]] = []
        for first in track(range(0, len(corpus), AT_ONCE), what="linking"):
            texts = [doc.text for doc in corpus.documents[first : first + AT_ONCE]]
            weighed = self._weigh([(text, self._places(text, None, None)) for text in texts])
            found += [tuple(self._mention(mention) for mention in doc) for doc in weighed]
        return corpus.with_mentions(found)

    def find(self, text: str) -> list[Span]:
        """Return where a text may mention something, undecided.

        Args:
            text: any text.
        """
        return [place.span for place in self._places(text, None, None)]

    def weigh(self, texts: Sequence[tuple[str, Sequence[Span]]]) -> list[list[Weighed]]:
        """Return the candidates of given mentions with what speaks for each, undecided.

        Args:
            texts: (text, spans of its mentions in order).
        """
        return self._weigh([(text, self._places(text, None, spans)) for text, spans in texts])

    def _places(
        self, text: str, types: Iterable[str] | None, spans: Sequence[Span] | None
    ) -> list[_Place]:
        wanted = None if types is None else frozenset(types)
        if spans is not None:
            found = [_Place(s, self._named(text[s.start : s.end])) for s in sorted(spans)]
        else:
            hits = self._finder.find(text)
            words = {text[hit.span.start : hit.span.end] for hit in hits}
            named = {word: self._named(word) for word in words}
            found = [_Place(h.span, named[text[h.span.start : h.span.end]]) for h in hits]
            if self.config.misspelt:
                found = self._with_misspelt(text, found)
        if wanted is None:
            return found
        kept = [
            _Place(p.span, tuple(n for n in p.named if self._knowledge.is_a(n.entity, wanted)))
            for p in found
        ]
        return [place for place in kept if place.named]

    def _named(self, words: str) -> tuple[Named, ...]:
        found = self._index.find(
            words, limit=self.config.candidates, min_similarity=self.config.min_similarity
        )
        if found or not self.config.vector_candidates or self._vectors is None:
            return found
        near = self._vectors.nearest(words, limit=self.config.vector_candidates)
        return tuple(
            Named(entity, cosine, is_exact=False, is_label=False, name="")
            for entity, cosine in near
            if cosine >= self.config.min_cosine
        )

    def _with_misspelt(self, text: str, found: list[_Place]) -> list[_Place]:
        """Return the mentions with misspelt ones, which may swallow found ones, and NILs."""
        words = propose.words_of(text, [place.span for place in found])
        is_long = len(text) > LONG_TEXT
        added: list[_Place] = []
        seen: dict[str, tuple[Named, ...]] = {}
        done = 0
        for place in propose.unexplained(words, self._knowledge.is_ordinary):
            word = words[place]
            if word.span.start < done or (is_long and not word.is_capital):
                continue
            spans = (
                [propose.run(text, words, place)]
                if is_long
                else propose.windows(text, words, place)
            )
            best = self._nearest(text, spans, seen, start=done)
            if best is None and word.is_capital and self.config.keep_nil:
                best = _Place(propose.run(text, words, place), ())
            if best is not None:
                added.append(best)
                done = best.span.end
        if not added:
            return found
        ends = [a.span.end for a in added]
        kept = [p for p in found if not _touches(p.span, added, bisect_right(ends, p.span.start))]
        return sorted([*kept, *added], key=lambda p: p.span)

    def _nearest(
        self, text: str, spans: Iterable[Span], seen: dict[str, tuple[Named, ...]], *, start: int
    ) -> _Place | None:
        """Return the stretch that is most like a name; of equals the longest."""
        best: _Place | None = None
        for span in spans:
            if span.start < start:
                continue
            words = text[span.start : span.end]
            found = seen[words] if words in seen else seen.setdefault(words, self._named(words))
            if found and (best is None or found[0].similarity > best.named[0].similarity):
                best = _Place(span, found)
        return best

    def _weigh(self, texts: Sequence[tuple[str, list[_Place]]]) -> list[list[Weighed]]:
        contexts = self._contexts(texts)
        lower = [text.islower() for text, _ in texts]
        return [
            [
                Weighed(
                    place.span,
                    tuple(n.entity for n in place.named),
                    self._clues(text, places, i, context, is_lower=is_lower),
                )
                for i, (place, context) in enumerate(zip(places, near, strict=True))
            ]
            for (text, places), near, is_lower in zip(texts, contexts, lower, strict=True)
        ]

    def _contexts(self, texts: Sequence[tuple[str, list[_Place]]]) -> list[list[_Cosines]]:
        """Return for each mention the cosines of its candidates with what surrounds it."""
        found: list[list[_Cosines]] = [[None] * len(places) for _, places in texts]
        if self._vectors is None:
            return found
        unclear = [
            (i, j, _around(text, place.span, self.config.context_chars))
            for i, (text, places) in enumerate(texts)
            for j, place in enumerate(places)
            if len(place.named) > 1
        ]
        if not unclear:
            return found
        windows = list(dict.fromkeys(window for _, _, window in unclear))
        row = {window: k for k, window in enumerate(windows)}
        vectors = self._vectors.texts(windows)
        self._vectors.of([n.entity for i, j, _ in unclear for n in texts[i][1][j].named])
        for i, j, window in unclear:
            entities = [n.entity for n in texts[i][1][j].named]
            found[i][j] = self._vectors.of(entities) @ vectors[row[window]]
        return found

    def _clues(
        self, text: str, places: list[_Place], i: int, cosines: _Cosines, *, is_lower: bool
    ) -> NDArray[np.float64]:
        """Return `(candidates, clues)` of the i-th mention."""
        span, named = places[i]
        words = text[span.start : span.end]
        near = _around(text, span, self.config.context_chars).lower()
        is_unclear = len(named) > 1 or (bool(named) and named[0].similarity < 1.0)
        return clues_of(
            named,
            is_lower=words.islower() and not is_lower,
            degree=[self._knowledge.degree(n.entity) for n in named],
            type_=[self._knowledge.type_prominence(n.entity) for n in named],
            type_named=[self._knowledge.has_type_in(n.entity, near, words) for n in named],
            context=None if cosines is None else cosines - cosines.mean(),
            coherence=self._coherence(places, i) if is_unclear else None,
        )

    def _coherence(self, places: list[_Place], i: int) -> NDArray[np.float64]:
        own = {n.entity for n in places[i].named}
        near = places[max(0, i - NEIGHBOURING) : i] + places[i + 1 : i + 1 + NEIGHBOURING]
        # The same name again says nothing new.
        sets = dict.fromkeys(tuple(n.entity for n in place.named) for place in near)
        others = [entities for entities in sets if entities and own.isdisjoint(entities)]
        return np.array([self._knowledge.coherence(n.entity, others) for n in places[i].named])

    def _mention(self, weighed: Weighed) -> Mention:
        if not weighed.entities:
            return Mention(weighed.span, None)
        shares = self.weights.probabilities(weighed.clues)
        order = np.argsort(-shares, kind="stable")
        candidates = tuple(Candidate(weighed.entities[i], float(shares[i])) for i in order)
        is_known = candidates[0].score >= self.config.min_probability
        return Mention(weighed.span, candidates[0].entity if is_known else None, candidates)


def _around(text: str, span: Span, width: int) -> str:
    """Return a text's part around a span, whole when it is short."""
    if len(text) <= width:
        return text
    middle = (span.start + span.end) // 2
    start = max(0, min(middle - width // 2, len(text) - width))
    return text[start : start + width]


def _touches(span: Span, places: Sequence[_Place], first: int) -> bool:
    """Say whether a span overlaps the first place that ends after its start."""
    return first < len(places) and places[first].span.start < span.end
