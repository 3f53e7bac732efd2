"""Word senses told apart by WordNet's glosses and relations, without sense-annotated training.

Data: wsd_raganato_eval under LICHEN_DATA, and the database files of WordNet 3.0, such as those
of Debian's package wordnet-base (`apt-get install wordnet-base`, in /usr/share/wordnet).

python benchmarks/fusion/wsd.py [--wordnet FOLDER] [--seeds 0 1 2]

Learned from: usage examples quoted in WordNet's glosses, and mentions of related synsets in
definitions. The order of senses, which is the prior, comes from counts in SemCor, as it does
for the first-sense baseline; the rows "with counts" take those counts, which WordNet's files hold,
as the prior in place of their order, as UKB does; the rows "without prior" do without either.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "embedding"))
from runs import ROWS, T_95, commit, data_folder, machine
from wsd_data import (
    LETTERS,
    Item,
    Order,
    read_items,
    sense_counts,
    sense_keys,
    sense_order,
    synset_ids,
)

from lichen.data.graph import Graph
from lichen.evaluation.paired import bootstrap
from lichen.linking.lessons import Inventory, Lesson, lessons
from lichen.linking.sense_training import train_senses
from lichen.linking.senses import SenseConfig, SenseRanker
from lichen.lm.span_states import SpanStates
from lichen.lm.text_encoder import TextEncoder

DEV = "semeval2007"
PUBLISHED = "first sense 65.2 (Raganato et al., 2017); UKB 67.3, SyntagRank 71.7 on ALL"
Floats = NDArray[np.float64]


def is_right(items: Sequence[Item], scores: Sequence[Floats]) -> Floats:
    """Return whether each word's best sense is among the right ones."""
    pairs = zip(items, scores, strict=True)
    return np.array([float(x.mention.candidates[int(np.argmax(y))] in x.gold) for x, y in pairs])


def figures(items: Sequence[Item], right: Floats) -> dict[str, float]:
    """Return F1 in percent; every word is answered, so it is the accuracy."""
    groups = {"ALL": np.ones(len(items), dtype=bool)}
    groups["ALL less dev"] = np.array([x.data != DEV for x in items])
    for data in dict.fromkeys(x.data for x in items):
        groups[data] = np.array([x.data == data for x in items])
    for part in LETTERS:
        groups[part] = np.array([x.part == part for x in items])
    return {name: round(100 * float(right[keep].mean()), 2) for name, keep in groups.items()}


def agreed(items: Sequence[Item], logs: Sequence[Floats]) -> list[Floats]:
    """Return each word's scores plus the mean of the same word's scores in its document."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for i, item in enumerate(items):
        groups.setdefault((item.document, item.lemma, item.part), []).append(i)
    found = list(logs)
    for rows in groups.values():
        mean = np.mean([logs[i] for i in rows], axis=0)
        for i in rows:
            found[i] = logs[i] + mean
    return found


def shuffled(graph: Graph, asked: set[int]) -> Graph:
    """Return the graph in which entities have others' facts, those asked about one another's."""
    place, draw = np.arange(graph.num_entities), np.random.default_rng(0)
    is_asked = np.isin(place, sorted(asked))
    for part in (np.flatnonzero(is_asked), np.flatnonzero(~is_asked)):
        place[part] = draw.permutation(part)
    triples = graph.triples.copy()
    triples[:, 0] = place[triples[:, 0]]
    return replace(graph, triples=triples, splits={})


class Twin(NamedTuple):
    """What one system knows."""

    graph: Graph
    taught: list[Lesson]
    config: SenseConfig


def twins(graph: Graph, order: Order, items: Sequence[Item]) -> dict[str, Twin]:
    """Return the system and its twins, which know less or nothing of the relations."""
    asked: dict[str, tuple[int, ...]] = {}
    for key in dict.fromkeys((x.lemma, x.part) for x in items):
        name = key[0].replace("_", " ")
        asked[name] = asked.get(name, ()) + order[key]
    inventory = Inventory(graph, asked)
    taught = lessons(graph, inventory)
    quoted = [x for x in taught if x.source == x.entity]
    config = SenseConfig()
    known = {e for found in asked.values() for e in found}
    mixed = shuffled(graph, known)
    told = [x for x in lessons(mixed, Inventory(mixed, asked)) if x.source != x.entity]
    return {
        "glosses and relations": Twin(graph, taught, config),
        "glosses only": Twin(graph, quoted, replace(config, max_tails=0)),
        "relations shuffled": Twin(mixed, quoted + told, config),
    }


def run(
    items: Sequence[Item], ranker: SenseRanker, taught: Sequence[Lesson], seed: int
) -> tuple[dict[str, Any], dict[str, Floats]]:
    """Learn once; return what to write down, and who was right in each way of deciding."""
    report = train_senses(ranker, taught, seed=seed)
    scores = ranker.scores([item.mention for item in items])
    logs = [np.log(ranker.weighed(x)) for x in scores]
    met = [item.mention.counts for item in items]
    counted = [np.log(ranker.weighed(x, y)) for x, y in zip(scores, met, strict=True)]
    right = {
        "with prior": is_right(items, logs),
        "without prior": is_right(items, scores),
        "with prior, same word agreeing": is_right(items, agreed(items, logs)),
        "with counts": is_right(items, counted),
        "with counts, same word agreeing": is_right(items, agreed(items, counted)),
    }
    facts: dict[str, Any] = {
        "seed": seed,
        "num_lessons": report.num_lessons,
        "num_held_out": report.num_held_out,
        "held_out_accuracy": None if report.accuracy is None else round(report.accuracy, 4),
        "context_weight": round(ranker.context_weight, 3),
        "prior_weight": round(ranker.prior_weight, 3),
        "train_s": round(report.seconds, 1),
    }
    return facts, right


def row(
    name: str, items: Sequence[Item], runs: list[dict[str, Any]], right: Floats, base: Floats
) -> dict[str, Any]:
    """Return a row; `right` and `base` are `(seeds, words)`."""
    found = [figures(items, x) for x in right]
    values = [x["ALL"] for x in found]
    mean, interval = statistics.fmean(values), None
    if len(values) in T_95:
        half = T_95[len(values)] * statistics.stdev(values) / len(values) ** 0.5
        interval = [round(mean - half, 2), round(mean + half, 2)]
    better = bootstrap(100 * right, 100 * base)
    parts = {k: round(statistics.fmean(x[k] for x in found), 1) for k in found[0]}
    return {
        "benchmark": f"wsd_raganato_eval ALL, {name}",
        "metric": "F1 on 7,253 words; over first sense "
        f"{better.mean:+.1f} ({better.low:+.1f} to {better.high:+.1f}); "
        + ", ".join(f"{k} {v}" for k, v in parts.items() if k != "ALL"),
        "mean": round(mean, 2),
        "interval": interval,
        "published": PUBLISHED,
        "seeds": [x["seed"] for x in runs],
        "runs": [{**x, "f1": y} for x, y in zip(runs, found, strict=True)],
        "settings": asdict(SenseConfig()),
        "machine": machine(),
        "commit": commit(),
    }


def measured(
    name: str, items: Sequence[Item], twin: Twin, states: SpanStates, seeds: Sequence[int]
) -> tuple[list[dict[str, Any]], dict[str, Floats]]:
    """Return what each seed's run says of itself, and who was right, `(seeds, words)` a way."""
    runs, right = [], []
    for seed in seeds:
        started = time.process_time()
        ranker = SenseRanker(twin.graph, states, config=twin.config)
        facts, found = run(items, ranker, twin.taught, seed)
        facts["cpu_s"] = round(time.process_time() - started, 1)
        print(name, facts, {k: figures(items, x) for k, x in found.items()}, flush=True)
        runs.append(facts)
        right.append(found)
        states.save()
    return runs, {way: np.stack([x[way] for x in right]) for way in right[0]}


def main() -> None:
    """Measure every twin with every seed, print each figure and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--twins", nargs="+", default=None, help="all without it")
    asked = parser.parse_args()
    graph = Graph.load(asked.wordnet)
    ids = synset_ids(graph)
    order = sense_order(asked.wordnet, ids)
    folder = data_folder("wsd_raganato_eval") / "ALL"
    keys = sense_keys(asked.wordnet, ids)
    items = read_items(folder, order, keys, sense_counts(asked.wordnet, keys))
    first = is_right(items, [-np.arange(len(x.mention.candidates)) for x in items])
    print("first sense", figures(items, first), flush=True)
    states = SpanStates(TextEncoder.load())
    untaught = SenseRanker(graph, states, config=SenseConfig(max_tails=0))
    as_it_is = is_right(items, untaught.scores([x.mention for x in items]))
    print("encoder as it is, without prior", figures(items, as_it_is), flush=True)
    rows = [
        row("first sense", items, [{"seed": 0}], first[None], first[None]),
        row("encoder as it is", items, [{"seed": 0}], as_it_is[None], first[None]),
    ]
    for name, twin in twins(graph, order, items).items():
        if asked.twins is None or name in asked.twins:
            runs, found = measured(name, items, twin, states, asked.seeds)
            base = np.broadcast_to(first, (len(runs), len(first)))
            rows += [row(f"{name}, {way}", items, runs, x, base) for way, x in found.items()]
        text = json.dumps(rows, indent=1) + "\n"
        (ROWS / "wsd-raganato.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
