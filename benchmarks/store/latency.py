"""How long the store takes: a graph in, one fact in, changes out, a snapshot.

python benchmarks/store/latency.py [--facts 25000] [--repeat 200]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from lichen.data.builder import GraphBuilder
from lichen.data.graph import Graph
from lichen.store import Store, import_file


def graph_of(num_facts: int, seed: int = 0) -> Graph:
    """Return a random graph with names, types, descriptions, literals and sources."""
    rng = np.random.default_rng(seed)
    num_entities = max(num_facts // 4, 2)
    builder = GraphBuilder()
    for i in range(num_entities):
        label = f"Entity {i}"
        builder.add_entity(label, types=("thing", "item"), description="Words about it. " * 6)
        builder.add_name(label, f"Name {i}")
        builder.add_literal(label, "size", float(i), unit="m", year=2020)
    ends = rng.integers(num_entities, size=(num_facts, 2)).tolist()
    relations = rng.integers(40, size=num_facts).tolist()
    for i, ((h, t), r) in enumerate(zip(ends, relations, strict=True)):
        source = (f"book:{i % 8000}", "The sentence that states the fact, as it stands.")
        builder.add_fact(f"Entity {h}", f"r{r}", f"Entity {t}", source=source)
    return builder.build()


def timed(act: Callable[[], object], repeat: int = 1) -> str:
    """Return the median and the 95th percentile of some runs, in milliseconds."""
    took = []
    for _ in range(repeat):
        start = time.perf_counter()
        act()
        took.append((time.perf_counter() - start) * 1000)
    middle, high = np.percentile(took, [50, 95])
    return f"{middle:9.2f} ms" + (f"   (95 %: {high:.2f})" if repeat > 1 else "")


def main(arguments: Sequence[str]) -> None:
    """Measure on a file in a temporary folder and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=25_000)
    parser.add_argument("--repeat", type=int, default=200)
    options = parser.parse_args(arguments)
    graph = graph_of(options.facts)
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "facts.db") as store:
        print(graph)
        print("whole graph in        ", timed(lambda: store.add_graph(graph)))
        print("same graph again      ", timed(lambda: store.add_graph(graph)))
        print("snapshot              ", timed(store.snapshot, 3))
        print("all facts with sources", timed(store.facts, 3))
        numbers = iter(range(10**9))

        def insert() -> None:
            i = next(numbers)
            store.insert(f"Entity {i}", "new", f"Place {i}", source=(f"list.csv:{i}", ""))

        print("insert one fact       ", timed(insert, options.repeat))
        version = store.version
        insert()
        print("changes of one fact   ", timed(lambda: store.changes(version), options.repeat))
        print("facts of one head     ", timed(lambda: store.facts("Entity 3"), options.repeat))
        path = Path(folder) / "one.csv"

        def import_one() -> None:
            i = next(numbers)
            path.write_text(f"head,relation,tail\nEntity 1,new,Thing {i}\n", encoding="utf-8")
            import_file(store, path)

        print("import a file of one  ", timed(import_one, options.repeat))


if __name__ == "__main__":
    main(sys.argv[1:])
