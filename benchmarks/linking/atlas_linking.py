"""Entity linking on Atlas: ranking clues, misspelt names, NIL; learns or scores the weights.

Mentions and their entities are those of the generated questions and true claims, whose wordings
in the test split occur in no other split, and of the fields that the facts were read from, split
by country. Each seed also hides a tenth of the entities from a second graph, on which their
mentions must stay unlinked.

Learn: python benchmarks/linking/atlas_linking.py --learn --seeds 10 11 12
Score what is shipped: python benchmarks/linking/atlas_linking.py [--documents 3000]
"""

from __future__ import annotations

import argparse
import random
import re
import string
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import mean, pstdev

import numpy as np

from lichen.data.atlas import load_graph
from lichen.data.atlas.claims import claims
from lichen.data.atlas.questions import questions
from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Corpus, Document, Mention, Span
from lichen.data.graph import Graph
from lichen.linking.calibrate import evidence
from lichen.linking.linker import Linker
from lichen.linking.rank import CLUES, Weights, fit

HIDDEN = 0.1
MISSPELT_FROM = 5
LONGEST = 1000


def documents(graph: Graph, split: str, num: int, seed: int) -> Corpus:
    """Return questions and true claims of a split, half and half.

    A false claim puts an entity where it does not belong, so its company misleads by design.
    """
    asked = [
        Document(id=q.id, text=q.text, language=q.language, mentions=q.mentions)
        for q in questions(graph, seed=seed)
        if q.split == split
    ]
    claimed = [d for d in claims(graph, seed=seed) if d.split == split and d.label == "true"]
    rng = random.Random(seed)
    picked = [rng.sample(docs, min(num // 2, len(docs))) for docs in (asked, claimed)]
    return Corpus(tuple(picked[0] + picked[1]))


def prose(graph: Graph, split: str, num: int, seed: int) -> Corpus:
    """Return fields of the source texts after their country's name, with the entities meant.

    The entities of a field are the tails of the facts read from it; countries are split in two.
    """
    fields: dict[int, list[int]] = {}
    for row, source in enumerate(graph.fact_sources.tolist()):
        if source >= 0 and (int(graph.triples[row, 0]) % 2 == 0) == (split == "test"):
            fields.setdefault(source, []).append(row)
    keys = sorted(fields)
    random.Random(seed).shuffle(keys)
    found: list[Document] = []
    for source in keys:
        head = int(graph.triples[fields[source][0], 0])
        text = f"{graph.name(head)}: {graph.sources[source].text}"
        mentions = [Mention(Span(0, len(graph.name(head))), head)]
        for t in dict.fromkeys(graph.triples[fields[source], 2].tolist()):
            match = re.search(rf"\b{re.escape(graph.name(t))}\b", text[mentions[0].span.end :])
            if match and len(text) < LONGEST:
                start = mentions[0].span.end + match.start()
                mentions.append(Mention(Span(start, start + len(match[0])), t))
        mentions.sort()
        is_apart = all(a.span.end <= b.span.start for a, b in pairwise(mentions))
        if len(mentions) > 1 and is_apart:
            found.append(Document(id=str(source), text=text, mentions=tuple(mentions)))
        if len(found) == num:
            break
    return Corpus(tuple(found))


def misspell(word: str, rng: random.Random) -> str:
    """Make one or two random edits: drop, double, swap or replace a letter."""
    letters = list(word)
    for _ in range(1 if len(word) < 8 else rng.choice((1, 2))):
        i = rng.randrange(len(letters) - 1)
        edit = rng.randrange(4)
        if edit == 0:
            del letters[i]
        elif edit == 1:
            letters.insert(i, letters[i])
        elif edit == 2:
            letters[i], letters[i + 1] = letters[i + 1], letters[i]
        else:
            letters[i] = rng.choice(string.ascii_lowercase)
    return "".join(letters)


def misspelt(corpus: Corpus, seed: int) -> Corpus:
    """Return the English documents with one mention each spelt wrongly."""
    rng, found = random.Random(seed), []
    for doc in corpus:
        long = [m for m in doc.mentions if m.span.end - m.span.start >= MISSPELT_FROM]
        if doc.language != "en" or not long:
            continue
        chosen = rng.choice(long)
        words = misspell(doc.text[chosen.span.start : chosen.span.end], rng)
        shift = len(words) - (chosen.span.end - chosen.span.start)
        mentions = [
            m if m.span.start < chosen.span.start else m._replace(span=_moved(m, chosen, shift))
            for m in doc.mentions
        ]
        text = doc.text[: chosen.span.start] + words + doc.text[chosen.span.end :]
        index = doc.mentions.index(chosen)
        meta = {"misspelt": str(index)}
        found.append(replace(doc, text=text, mentions=tuple(mentions), meta=meta))
    return Corpus(tuple(found))


def _moved(mention: Mention, chosen: Mention, shift: int) -> Span:
    start, end = mention.span
    return Span(start if mention == chosen else start + shift, end + shift)


def without(graph: Graph, hidden: set[int]) -> Graph:
    """Return the graph as if some entities had never been heard of."""
    builder = GraphBuilder()
    for e, label in enumerate(graph.entities):
        if e in hidden:
            continue
        builder.add_entity(
            label, types=graph.types_of(e), description=graph.descriptions.get(e, "")
        )
        for name in graph.names_of(e)[1:]:
            builder.add_name(label, name)
    for h, r, t in graph.triples.tolist():
        if h not in hidden and t not in hidden:
            builder.add_fact(graph.entities[h], graph.relations[r], graph.entities[t])
    return builder.build()


def relabelled(corpus: Corpus, old: Graph, new: Graph) -> Corpus:
    """Return the corpus with the ids of another graph; what it lacks is NIL."""
    return corpus.with_mentions(
        tuple(
            m._replace(
                entity=None if m.entity is None else new.entities.get(old.entities[m.entity])
            )
            for m in doc.mentions
        )
        for doc in corpus
    )


def accuracy(linker: Linker, corpus: Corpus, *, unclear: bool = False) -> float:
    """Return the share of given mentions that get the right entity or, rightly, none.

    With `unclear`, of those with several candidates, whose best is right, linked or not.
    """
    right = []
    for doc in corpus:
        spans = [m.span for m in doc.mentions]
        for gold, found in zip(doc.mentions, linker.mentions(doc.text, spans=spans), strict=True):
            if not unclear:
                right.append(found.entity == gold.entity)
            elif len(found.candidates) > 1:
                right.append(found.candidates[0].entity == gold.entity)
    return mean(right) if right else float("nan")


def end_to_end(linker: Linker, corpus: Corpus) -> tuple[float, float]:
    """Return precision and recall of (span, entity) when spans are searched for too."""
    hits = found = wanted = 0
    for gold, doc in zip(corpus, linker.link(corpus), strict=True):
        linked = {(m.span, m.entity) for m in doc.mentions if m.entity is not None}
        known = {(m.span, m.entity) for m in gold.mentions if m.entity is not None}
        hits, found, wanted = hits + len(linked & known), found + len(linked), wanted + len(known)
    return hits / max(found, 1), hits / max(wanted, 1)


def misspelt_recall(linker: Linker, corpus: Corpus) -> float:
    """Return the share of misspelt mentions that are found and linked rightly in running text."""
    right = []
    for gold, doc in zip(corpus, linker.link(corpus), strict=True):
        wanted = gold.mentions[int(gold.meta["misspelt"])]
        right.append(any(m[:2] == wanted[:2] for m in doc.mentions))
    return mean(right)


def ablated(linker: Linker, kept: Sequence[str]) -> Weights:
    """Return the linker's weights with some ranking clues set to 0."""
    ranking = {"degree", "type", "context", "coherence", "is_label"}
    keep = [clue not in ranking or clue in kept for clue in CLUES]
    return Weights(linker.weights.values * keep, linker.weights.nil)


def hidden_from(graph: Graph, seed: int) -> Graph:
    """Return the graph without a tenth of its entities."""
    rng = np.random.default_rng(seed)
    return without(graph, set(np.flatnonzero(rng.random(graph.num_entities) < HIDDEN).tolist()))


def learned(seed: int, num: int, text: object) -> Weights:
    """Return the weights learned on the train split."""
    graph = load_graph()
    train = documents(graph, "train", num, seed)
    part = hidden_from(graph, seed)
    tutor = Linker(part, text)
    lessons = Corpus(train.documents + misspelt(train, seed).documents)
    known = evidence(tutor, relabelled(lessons, graph, part), is_complete=True)
    fields = prose(graph, "train", num // 2, seed)
    more = evidence(tutor, relabelled(fields, graph, part))
    return fit(known[0] + more[0], known[1] + more[1])


def run(seed: int, num: int, text: object) -> dict[str, float]:
    """Measure the shipped weights on the test split, and return the figures."""
    graph = load_graph()
    test, fields = documents(graph, "test", num, seed), prose(graph, "test", num // 2, seed)
    linker = Linker(graph, text)
    weights = linker.weights
    rows: dict[str, float] = {}
    for label, kept in (
        ("order of names", ()),
        ("+ prominence", ("degree", "type", "is_label")),
        ("+ context", ("degree", "type", "is_label", "context")),
        ("+ coherence = all", ("degree", "type", "is_label", "context", "coherence")),
    ):
        linker.weights = weights
        linker.weights = ablated(linker, kept)
        rows[f"homonyms: {label}"] = accuracy(linker, test, unclear=True)
        rows[f"homonyms, prose: {label}"] = accuracy(linker, fields, unclear=True)
    linker.weights = weights
    rows["all given mentions"] = accuracy(linker, test)
    rows["searched: precision"], rows["searched: recall"] = end_to_end(linker, test)
    rows["misspelt, searched: recall"] = misspelt_recall(linker, misspelt(test, seed))
    part = hidden_from(graph, seed)
    other = Linker(part, text)
    unknown = relabelled(test, graph, part)
    rows["a tenth hidden: given mentions"] = accuracy(other, unknown)
    nil = [tuple(m for m in d.mentions if m.entity is None) for d in unknown]
    rows["hidden only: left unlinked"] = accuracy(other, unknown.with_mentions(nil))
    unseen = documents(graph, "valid", 600, seed).documents
    fresh = {50: Corpus(unseen[:300]), 95: Corpus(unseen[300:])}
    for label, p in (("p50", 50), ("p95", 95)):
        rows[f"question {label}, ms"] = _latency(linker, fresh[p], p)
    return rows


def _latency(linker: Linker, corpus: Corpus, percentile: int) -> float:
    took = []
    for doc in corpus:
        start = time.perf_counter()
        linker.mentions(doc.text)
        took.append(time.perf_counter() - start)
    return float(np.percentile(took, percentile)) * 1000


def table(rows: Iterable[dict[str, float]], show: Callable[[str], object] = print) -> None:
    """Print the mean and spread over the seeds."""
    runs = list(rows)
    for key in runs[0]:
        values = [row[key] for row in runs]
        show(f"{key:34s} {mean(values):8.3f} ± {pstdev(values):.3f}")


def main(arguments: Sequence[str]) -> None:
    """Run all seeds and print the table, or the mean of what was learned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-text", action="store_true", help="without a text encoder")
    parser.add_argument("--documents", type=int, default=3000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 4, 5])
    parser.add_argument("--learn", action="store_true", help="learn weights, print their mean")
    options = parser.parse_args(arguments)
    text = None
    if not options.no_text:
        from lichen.lm.text_encoder import TextEncoder

        text = TextEncoder.load()
    if options.learn:
        found = [learned(seed, options.documents, text) for seed in options.seeds]
        for clue, values in zip(CLUES, np.transpose([w.values for w in found]), strict=True):
            print(f"{clue:34s} {values.mean():8.2f} ± {values.std():.2f}")
        print(f"{'nil':34s} {mean(w.nil for w in found):8.2f}")
        return
    table(run(seed, options.documents, text) for seed in options.seeds)


if __name__ == "__main__":
    main(sys.argv[1:])
