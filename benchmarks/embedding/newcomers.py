"""What descriptions are worth on CoDEx-S: to entities that training saw, and to newcomers.

Three encoders: learned vectors ("table"), vectors computed from MiniLM's of the descriptions
("described"), and the sum of both ("mixed"). Each is trained twice a seed: on the official split,
to rank its test facts among all entities; and without all facts of 150 described entities, which
then come with their text, with one fact, or with both, and whose other facts are ranked, the
newcomer asking or being the answer. Beside them, without text, fact or training: how often an
entity answers the relation. A seed deals the newcomers and starts the vectors.

Run: python benchmarks/embedding/newcomers.py [--seeds 0 1 2]
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from runs import ROWS, commit, data_folder, machine, seeds_from_command_line, spread
from torch import Tensor

from lichen.data.graph import Graph, Ids
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.described import DescribedEncoder
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import Ranker, evaluate, rank_triples
from lichen.embedding.known import KnownAnswers
from lichen.embedding.trainer import train_embedding
from lichen.lm.text_encoder import TextEncoder

DATA, DIM = "kgc_codex_s", 128
NEWCOMERS, FEWEST, MOST = 150, 10, 60
"""Entities held out, and how many facts such a one may have."""
CONFIG = EmbeddingConfig(
    epochs=20,
    batch_size=512,
    candidates="all",
    hide_known=False,
    optimiser="adam",
    last_rate=0.0,
)
METHODS: dict[str, tuple[dict[str, Any], float]] = {
    "complex": ({}, 0.01),
    "transe": ({"norm": 2}, 0.0),
}
"""Scorer to its own settings and the weight of `n3`."""
RATES = {
    "complex": {"table": 0.1, "described": 0.1, "mixed": 0.1},
    "transe": {"table": 0.01, "described": 0.1, "mixed": 0.01},
}
"""Learning rates, of 0.003, 0.01, 0.03 and 0.1 the best on the validation facts with seed 20."""
SOURCES = {
    "table": ("one fact",),
    "described": ("text", "one fact", "text and one fact"),
    "mixed": ("text", "one fact", "text and one fact"),
}
Vectors = NDArray[np.float32]
Figures = dict[tuple[str, str], float]
"""Who ranks by what, and the metric, to its value."""


class Deal(NamedTuple):
    """A graph without the facts of some entities, and those facts."""

    known: Graph
    entities: Vocabulary
    """Those of `known`, then the newcomers."""
    told: list[tuple[str, str, str]]
    """One fact of each newcomer with a known entity, in the order of the newcomers."""
    asked: Ids
    """`(facts, 3)` the newcomers' other facts with known entities, to be ranked."""
    facts: Ids
    """`(facts, 3)` all facts, to leave known answers out."""


class Counts:
    """Scores an answer by how often it answers the relation among the facts of a graph."""

    def __init__(self, graph: Graph, num_entities: int) -> None:
        self.num_entities, self.num_relations = num_entities, graph.num_relations
        h, r, t = torch.from_numpy(graph.triples.copy()).T
        relation, answer = torch.cat([r, r + self.num_relations]), torch.cat([t, h])
        self.counts = torch.zeros(2 * self.num_relations, num_entities)
        self.counts.index_put_((relation, answer), torch.ones(()), accumulate=True)

    def score_directed(
        self, entity: ArrayLike | Tensor, relation: ArrayLike | Tensor, *, out: Tensor | None = None
    ) -> Tensor:
        """Score every entity as the answer to (entity, relation, ?), whatever the entity."""
        del entity, out
        return self.counts[torch.as_tensor(relation)]


def about(graph: Graph, entity: int) -> str:
    """Return name and description of an entity, its types where it has no description."""
    name = graph.name(entity)
    told = graph.descriptions.get(entity) or ", ".join(graph.types_of(entity))
    return told if name == graph.entities[entity] else f"{name}: {told}"


def dealt(graph: Graph, seed: int) -> Deal:
    """Hold the facts of some described entities out."""
    draw = np.random.default_rng(seed)
    fit = [i for i in graph.descriptions if FEWEST <= graph.degree()[i] <= MOST]
    is_new = np.isin(graph.triples[:, [0, 2]], draw.choice(fit, NEWCOMERS, replace=False))
    entity, relation = graph.entities, graph.relations
    labels = [(entity[h], relation[r], entity[t]) for h, r, t in graph.triples.tolist()]
    known = Graph.from_triples([labels[i] for i in np.flatnonzero(~is_new.any(axis=1))])
    told: dict[str, tuple[str, str, str]] = {}
    asked = []
    for i in draw.permutation(np.flatnonzero(is_new.sum(axis=1) == 1)):
        h, r, t = labels[i]
        new, other = (h, t) if is_new[i, 0] else (t, h)
        if other in known.entities and r in known.relations:
            if new in told:
                asked.append(labels[i])
            told.setdefault(new, labels[i])
    entities = Vocabulary([*known.entities, *told], what="entity")
    both = [x for x in labels if x[0] in entities and x[2] in entities and x[1] in known.relations]
    asked_ids, facts = (
        np.array([(entities.id(h), known.relations.id(r), entities.id(t)) for h, r, t in part])
        for part in (asked, both)
    )
    return Deal(known, entities, list(told.values()), asked_ids, facts)


def trained(scorer: str, kind: str, graph: Graph, features: Vectors, seed: int) -> GraphEncoder:
    """Return a trained encoder of a kind."""
    settings, n3 = METHODS[scorer]
    shape = {"dim": DIM, "seed": seed, **settings}
    encoder = (
        GraphEncoder(scorer, graph, **shape)
        if kind == "table"
        else DescribedEncoder(scorer, graph, features=features, learned=kind == "mixed", **shape)
    )
    config = replace(CONFIG, learning_rate=RATES[scorer][kind], n3=n3, seed=seed)
    print(f"{scorer}, {kind}, seed {seed}: {train_embedding(encoder, graph, config=config)}")
    return encoder


def ranked(ranker: Ranker, deal: Deal, who: str) -> Figures:
    """Return the MRR of the held-out facts, asked from both ends."""
    known = KnownAnswers(deal.facts, num_relations=deal.known.num_relations)
    tails, heads = rank_triples(ranker, deal.asked, known=known)
    is_head = deal.asked[:, 0] >= deal.known.num_entities
    asks, answers = np.where(is_head, tails, heads), np.where(is_head, heads, tails)
    metrics = {"asks": asks, "is the answer": answers}
    return {(who, f"MRR, newcomer {way}"): float((1 / x).mean()) for way, x in metrics.items()}


def grown(
    encoder: GraphEncoder, deal: Deal, source: str, texts: dict[str, Vectors]
) -> GraphEncoder:
    """Return the encoder with the newcomers in it, by their facts, their texts or both."""
    facts = deal.told if "fact" in source else []
    found = encoder.with_entities(facts, texts=texts if "text" in source else None)
    assert found.entities == deal.entities
    return found


def one(graph: Graph, vectors: Vectors, scorer: str, seed: int) -> Figures:
    """Train every kind of encoder on the split and on a deal, and rank by each."""
    deal = dealt(graph, seed)
    row_of = {label: vectors[i] for i, label in enumerate(graph.entities)}
    features = np.stack([row_of[label] for label in deal.known.entities])
    texts = {label: row_of[label] for label in deal.entities.labels[deal.known.num_entities :]}
    found: Figures = {}
    for kind, sources in SOURCES.items():
        who = f"{scorer}, {kind}"
        encoder = trained(scorer, kind, graph, vectors, seed)
        found[who, "MRR, test split"] = evaluate(encoder, graph).both.mrr
        encoder = trained(scorer, kind, deal.known, features, seed)
        for source in sources:
            found |= ranked(grown(encoder, deal, source, texts), deal, f"{who}, by {source}")
    for (who, metric), value in found.items():
        print(f"seed {seed}: {who}: {metric} {value:.4f}", flush=True)
    return found


def counted(graph: Graph, seeds: Sequence[int]) -> list[Figures]:
    """Rank by counts alone, the newcomers of each deal and, once, the test split."""
    deals = [dealt(graph, seed) for seed in seeds]
    found = [ranked(Counts(deal.known, len(deal.entities)), deal, "counts") for deal in deals]
    counts = Counts(graph.select(graph.splits["train"]), graph.num_entities)
    found[0]["counts", "MRR, test split"] = evaluate(counts, graph).both.mrr
    return found


def write_rows(
    name: str, runs: Sequence[Figures], seeds: Sequence[int], settings: dict[str, Any]
) -> None:
    """Write a row a figure; one that knows no seed is in the first run alone."""
    rows = []
    for who, metric in runs[0]:
        values = [run[who, metric] for run in runs if (who, metric) in run]
        row = {
            "benchmark": f"{DATA} {who}",
            "metric": metric,
            **spread(values),
            "published": "",
            "seeds": seeds[: len(values)],
            "values": [round(x, 5) for x in values],
            "settings": settings,
            "machine": machine(),
            "commit": commit(),
        }
        rows.append(row)
    path = ROWS / f"newcomers-{DATA}-{name}.json"
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Measure counts and both scorers and write their rows."""
    seeds = seeds_from_command_line(__doc__)
    graph = Graph.load(data_folder(DATA))
    write_rows("counts", counted(graph, seeds), seeds, {})
    reader = TextEncoder.load(device="cpu")
    vectors = reader.encode([about(graph, i) for i in range(graph.num_entities)])
    for scorer in METHODS:
        started = time.perf_counter()
        runs = [one(graph, vectors, scorer, seed) for seed in seeds]
        print(f"{scorer}: {time.perf_counter() - started:.0f} s", flush=True)
        settings, n3 = METHODS[scorer]
        told = {"dim": DIM, "n3": n3, "learning_rate": RATES[scorer], **settings}
        write_rows(scorer, runs, seeds, told)


if __name__ == "__main__":
    main()
