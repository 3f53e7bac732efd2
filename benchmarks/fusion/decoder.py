"""Fusions of a decoder, SmolLM2, and of an encoder, MiniLM: Atlas claims, each with its twins.

Both language models are frozen, and all settings are the defaults of `Contest`; nothing was chosen.

Run: python benchmarks/fusion/decoder.py [--fusions add neighbours ...]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "embedding"))

from runs import ROWS, commit, machine

import lichen as li

ROOT = Path(__file__).resolve().parents[2]
FUSIONS = ["add", "concat", "gate", "attention", "neighbours", "entity_tokens", "interaction"]
SEEDS = (0, 1, 2)
LESS = {"none": "without knowledge", "shuffled": "with shuffled knowledge"}


def language_models() -> dict[str, li.TextEncoder]:
    """Return the packaged encoder, and the packaged decoder without its head."""
    generator = li.Generator.load()
    decoder = li.TextEncoder(generator.model.model, generator.tokenizer, name="SmolLM2-135M")
    return {"MiniLM": li.TextEncoder.load(device="cpu"), "SmolLM2-135M": decoder}


def measure(name: str, text: li.TextEncoder, fusions: list[str]) -> list[dict[str, Any]]:
    """Compare fusions of one language model with its twins, a row each."""
    atlas = li.Graph.load("atlas")
    claims = li.claims(atlas, num_train=1500, num_valid=50, num_test=800)
    known = li.removed(atlas).graph
    nodes = li.GraphEncoder("complex", known, dim=96)
    nodes = li.train(nodes, known, config=li.EmbeddingConfig(epochs=8, n3=0.03)).model
    contest = li.Contest(
        text=text,
        nodes=nodes,
        graph=known,
        corpora=[claims],
        seeds=SEEDS,
        twins=tuple(LESS),
        config=li.TrainConfig(epochs=5),
    )
    out = ROOT / "runs" / "fusion-decoder" / name
    table = li.compare_fusions(contest, fusions=fusions, out=out)
    print(f"{name}\n{table}\n", flush=True)
    return [
        {
            "benchmark": f"Atlas claims, {name} frozen",
            "metric": f"accuracy of {s.fusion} less that {LESS[twin]} (p {s.p_values[twin]:.2g}; "
            f"{s.mean:.3f}, none {np.mean(table.none):.3f})",
            "mean": round(s.gains[twin].mean, 4),
            "interval": [round(s.gains[twin].low, 4), round(s.gains[twin].high, 4)],
            "published": "",
            "seeds": list(SEEDS),
            "machine": machine(),
            "commit": commit(),
        }
        for s in table.standings
        for twin in LESS
    ]


def main() -> None:
    """Measure both language models and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fusions", nargs="+", default=FUSIONS)
    asked = parser.parse_args()
    rows = [
        row
        for name, text in language_models().items()
        for row in measure(name, text, asked.fusions)
    ]
    path = ROWS / "fusion-decoder.json"
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
