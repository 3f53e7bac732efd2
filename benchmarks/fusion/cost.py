"""What a fusion costs in time: inference and a training step, over those without knowledge.

Batches of Atlas claims through the packaged encoder, nothing kept from before. In each repetition
every fusion runs right after the model without knowledge, and the ratio of the two is taken. Rows
of fusions that are not asked for stay as they are.

Run: python benchmarks/fusion/cost.py [--fusions gate add ...] [--repetitions 45]
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from figures import Row, renew, row

import lichen as li
from lichen.fusion import EVERY
from lichen.fusion.batch import Batch

BATCH, BATCHES = 32, 4
WORDS = "input, words in the text"
SPECIAL = {
    "input": {"facts": 2},
    WORDS: {"fusion": "input", "facts": 2, "at": "input"},
}
"""Settings that differ from the defaults, by line."""


LINES = (*EVERY, WORDS)


def batches_of(model: li.FusedModel, claims: li.Corpus) -> list[Batch]:
    """Return batches as they come to a model whose language model is trained."""
    batcher = model.batcher()
    items = batcher.items(claims.test.samples(claims.labels()))[: BATCH * BATCHES]
    return [batcher.collate(items[i : i + BATCH]) for i in range(0, len(items), BATCH)]


def infer(model: li.FusedModel, batches: list[Batch]) -> float:
    """Return the seconds that a pass over the batches takes."""
    model.eval()
    started = time.perf_counter()
    with torch.no_grad():
        for batch in batches:
            model(**batch)
    return time.perf_counter() - started


def learn(model: li.FusedModel, batches: list[Batch]) -> float:
    """Return the seconds that a training step on each batch takes, optimiser included."""
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=1e-6, fused=True)
    started = time.perf_counter()
    for batch in batches:
        optimiser.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model(**batch).loss
        loss.backward()
        optimiser.step()
    return time.perf_counter() - started


def main() -> None:
    """Measure the fusions asked for, print the ratios and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fusions", nargs="+", default=LINES, choices=LINES)
    parser.add_argument("--repetitions", type=int, default=45)
    asked = parser.parse_args()
    graph, text = li.Graph.load("atlas"), li.TextEncoder.load(device="cpu")
    claims = li.claims(graph, num_train=600, num_valid=100, num_test=400)
    nodes = li.GraphEncoder("complex", graph, dim=64)
    shared = {"labels": claims.labels(), "graph": graph, "train_text": True, "head": "pooled"}
    names = ("none", *asked.fusions)
    models = {
        name: li.FusedModel(text, nodes, **{"fusion": name, **shared, **SPECIAL.get(name, {})})
        for name in names
    }
    fed = {name: batches_of(model, claims) for name, model in models.items()}
    rows: list[Row] = []
    for what, run in (("inference", infer), ("a training step", learn)):
        ratios: dict[str, list[float]] = {name: [] for name in asked.fusions}
        for repetition in range(asked.repetitions + 1):
            for name in asked.fusions:
                plain = run(models["none"], fed["none"])
                ratio = run(models[name], fed[name]) / plain
                if repetition:  # the first one warms up
                    ratios[name].append(ratio)
        for name, found in ratios.items():
            told = row(
                f"cost of {what}, {name}",
                "times the model without knowledge, equal batch "
                f"(median and range of {asked.repetitions})",
                statistics.median(found),
                (min(found), max(found)),
                seeds=[0],
            )
            rows.append({**told, "runs": [round(x, 4) for x in found]})
    renew("fusion-cost", rows)


if __name__ == "__main__":
    main()
