"""Fusions of a decoder, SmolLM2, and of an encoder, MiniLM: Atlas claims, each with its twins.

Both language models are frozen, and all settings are the defaults of `Contest`; nothing was chosen.
Rows of fusions that are not asked for stay as they are.

Run: python benchmarks/fusion/decoder.py [--fusions add neighbours ...]
"""

from __future__ import annotations

import argparse

import numpy as np
from atlas_claims import claims_contest
from figures import RUNS, Row, renew, row

import lichen as li
from lichen.training.twins import Kind

FUSIONS = ["add", "concat", "gate", "attention", "neighbours", "entity_tokens", "interaction"]
LESS: dict[Kind, str] = {"none": "without knowledge", "shuffled": "with shuffled knowledge"}


def language_models() -> dict[str, li.TextEncoder]:
    """Return the packaged encoder, and the packaged decoder without its head."""
    generator = li.Generator.load()
    decoder = li.TextEncoder(generator.model.model, generator.tokenizer, name="SmolLM2-135M")
    return {"MiniLM": li.TextEncoder.load(device="cpu"), "SmolLM2-135M": decoder}


def measure(name: str, text: li.TextEncoder, fusions: list[str]) -> list[Row]:
    """Compare fusions of one language model with its twins, a row each."""
    contest = claims_contest(text, num_test=800, twins=tuple(LESS))
    table = li.compare_fusions(contest, fusions=fusions, out=RUNS / "fusion-decoder" / name)
    print(f"{name}\n{table}\n", flush=True)
    return [
        row(
            f"Atlas claims, {name} frozen",
            f"accuracy of {s.fusion} less that {LESS[twin]} (p {s.p_values[twin]:.2g}; "
            f"{s.mean:.3f}, none {np.mean(table.none):.3f})",
            s.gains[twin].mean,
            (s.gains[twin].low, s.gains[twin].high),
        )
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
    renew("fusion-decoder", rows)


if __name__ == "__main__":
    main()
