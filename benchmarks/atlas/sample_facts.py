"""Print random facts of Atlas with the text they were read from, to be checked by eye.

python benchmarks/atlas/sample_facts.py --seed 1 --size 200
"""

import argparse
import re

import numpy as np

from lichen.data.atlas import load_graph
from lichen.data.graph import Graph


def excerpt(text: str, names: tuple[str, ...], width: int = 160) -> str:
    """Return the part of a text around the first of some names in it, or else its start."""
    flat = " ".join(text.split())
    at = -1
    for name in names:
        found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", flat, re.IGNORECASE)
        if found and at < 0:
            at = found.start()
    start = max(0, at - width // 2) if at >= 0 else 0
    return flat[start : start + width]


def show(graph: Graph, row: int) -> str:
    """Return one fact and its source as two lines."""
    h, r, t = graph.triples[row].tolist()
    source = graph.source(row)
    address, text = (source.address, source.text) if source else ("none", "")
    wanted = (graph.entities[t].split(" (")[0], *graph.names_of(t), *graph.names_of(h))
    types = f"{'/'.join(graph.types_of(h))} -> {'/'.join(graph.types_of(t))}"
    fact = f"{graph.entities[h]} | {graph.relations[r]} | {graph.entities[t]} [{types}]"
    return f"{row:6d}  {fact}\n        {address}: {excerpt(text, wanted)}"


def main() -> None:
    """Draw rows without replacement with a fixed seed and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=200)
    options = parser.parse_args()
    graph = load_graph()
    drawn = np.random.default_rng(options.seed).choice(graph.num_facts, options.size, replace=False)
    for row in sorted(drawn.tolist()):
        print(show(graph, row))


if __name__ == "__main__":
    main()
