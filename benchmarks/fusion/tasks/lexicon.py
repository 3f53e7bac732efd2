"""WordNet as a lexicon: words, what they mean, whether that is good or bad."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Corpus, Mention
from lichen.data.graph import Graph
from lichen.data.read.wordnet import PARTS
from tasks.polarity import THRESHOLD, polarities
from tasks.task import MOST_MENTIONS, mention
from tasks.wordnet import Synset, wordnet
from tasks.words import content_words

RELATIONS = {
    "&": ("similar_to", "is similar to"),
    "!": ("antonym", "is the opposite of"),
    "+": ("derived_from", "is related to"),
    "\\": ("pertains_to", "pertains to"),
    "@": ("hypernym", "is a kind of"),
    "@i": ("instance_of", "is an instance of"),
}
"""Pointer symbol to relation and the words that say it."""
SENSE, POLARITY = "sense", "polarity"
TEXTS = {SENSE: "means", POLARITY: "is"}
PARTS_OF_SPEECH = {"n": "noun", "v": "verb", "a": "adjective", "r": "adverb"}


@dataclass(frozen=True)
class Lexicon:
    """The graph of the words of some texts, and the mentions of these words."""

    graph: Graph

    def mentions(self, text: str, *, most: int = MOST_MENTIONS) -> tuple[Mention, ...]:
        """Return the words of a text that the lexicon has, at most that many.

        Where there are more, the ones kept are those that are neither neutral nor frequent.
        """
        found = [w for w in content_words(text) if w.word in self.graph.entities]
        if len(found) > most:
            rank = sorted(
                found, key=lambda w: (-abs(polarity(w.word)), wordnet().frequency(w.word))
            )
            found = sorted(rank[:most])
        return tuple(mention(w.start, w.end, self.graph.entities.id(w.word)) for w in found)

    def link(self, corpus: Corpus) -> Corpus:
        """Return documents with their words linked."""
        return corpus.with_mentions(self.mentions(doc.text) for doc in corpus)


def lexicon(texts: Iterable[str]) -> Lexicon:
    """Build the lexicon of the words of all texts of a task.

    Facts: a word's first sense as each part of speech; from there similar, opposite and derived
    synsets, and hypernyms to the top; the polarity of synsets and of words.

    Args:
        texts: of all splits; only their words count.
    """
    builder = GraphBuilder()
    for label, said in (*RELATIONS.values(), *TEXTS.items()):
        builder.add_relation(label, text=said)
    words = sorted({w.word for text in texts for w in content_words(text)})
    meant: dict[str, Synset] = {}
    for word in words:
        first = senses(word)
        meant.update((synset.key, synset) for synset in first)
        builder.add_entity(word, types=("word",), description=first[0].definition)
        builder.add_name(word, word.replace("_", " "))
        for synset in first:
            builder.add_fact(word, SENSE, _synset(builder, synset))
        _rate(builder, word, polarity(word))
    reached = _around(meant)
    for key, synset in reached.items():
        label = _synset(builder, synset)
        if key in polarities():
            _rate(builder, label, polarities()[key])
    for synset in reached.values():
        for pointer in synset.pointers:
            if pointer.symbol in RELATIONS and pointer.target in reached:
                target = _synset(builder, reached[pointer.target])
                builder.add_fact(_synset(builder, synset), RELATIONS[pointer.symbol][0], target)
    return Lexicon(builder.build())


def senses(word: str) -> list[Synset]:
    """Return a word's first sense as each part of speech, the most used first."""
    net = wordnet()
    parts = [part for part in PARTS.values() if (word, part) in net.senses]
    parts.sort(key=lambda part: -net.used.get((word, part), 0))
    return [net.first_sense(word, part) for part in parts]


@cache
def polarity(word: str) -> float:
    """Return the mean polarity of all senses of a word, weighted by how often each is used."""
    net = wordnet()
    keys = [key for part in PARTS.values() for key in net.senses.get((word, part), ())]
    weights = [net.tagged.get((word, key), 0) + 0.5 for key in keys]
    scores = [polarities().get(key, 0.0) for key in keys]
    return sum(s * w for s, w in zip(scores, weights, strict=True)) / sum(weights)


def _rate(builder: GraphBuilder, label: str, score: float) -> None:
    kind = "neutral" if abs(score) < THRESHOLD else "positive" if score > 0 else "negative"
    target = f"polarity: {kind}"
    builder.add_entity(target, types=("polarity",))
    builder.add_name(target, kind)
    builder.add_fact(label, POLARITY, target)


def _synset(builder: GraphBuilder, synset: Synset) -> str:
    label = wordnet().labels[synset.key]
    if not builder.has_entity(label):
        types = (synset.file, PARTS_OF_SPEECH[synset.key[0]])
        builder.add_entity(label, types=types, description=synset.definition)
        builder.add_name(label, synset.words[0].replace("_", " "))
    return label


def _around(meant: dict[str, Synset]) -> dict[str, Synset]:
    """Return synsets with those one step away, and all their hypernyms."""
    net = wordnet()
    near = dict(meant)
    for synset in meant.values():
        near.update((p.target, net.synsets[p.target]) for p in synset.pointers
                    if p.symbol in RELATIONS)  # fmt: skip
    queue = list(near.values())
    while queue:
        for pointer in queue.pop().pointers:
            if pointer.symbol in ("@", "@i") and pointer.target not in near:
                near[pointer.target] = net.synsets[pointer.target]
                queue.append(near[pointer.target])
    return near
