"""Write a graph of any size with power-law degrees as a table of labels.

`python benchmarks/embedding/synthetic.py FILE` writes one of Wikidata5M's size: 4.6 million
entities, 822 relations, 20.6 million distinct facts such as "Q123<tab>P45<tab>Q67", 0.5 GB.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]

BLOCK = 1 << 18
"""Lines written at a time."""
SCATTER = 0x9E3779B1
"""An odd number: multiplied by it, ids become labels out of order."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the graph is, and how uneven its degrees."""

    entities: int = 4_600_000
    relations: int = 822
    facts: int = 20_600_000
    """At least as many as entities, so that each entity has one."""
    head_slope: float = 0.3
    """The entity of rank k heads facts in proportion to k ** -slope; below 1."""
    tail_slope: float = 0.75
    relation_slope: float = 0.9


def draw_facts(size: Size, *, seed: int = 0) -> Ids:
    """Return distinct facts in random order: `(facts, 3)` head, relation and tail ids.

    Each entity is the head or the tail of one fact at least. Memory: 60 bytes a fact.

    Args:
        size: how many of what.
        seed: of the drawing.
    """
    draw = np.random.default_rng(seed)
    keys = _keys(size, draw, np.arange(size.entities))
    while len(keys) < size.facts:
        num_more = (size.facts - len(keys)) * 5 // 4 + 10
        heads = _ranked(draw, size.entities, num_more, size.head_slope)
        keys = np.concatenate([keys, _keys(size, draw, heads)])
        order = np.argsort(keys, kind="stable")
        is_first = np.r_[True, keys[order[1:]] != keys[order[:-1]]]
        first = np.sort(order[is_first])
        keys = keys[first[: size.facts]]
    draw.shuffle(keys)
    pairs, t = np.divmod(keys, size.entities)
    h, r = np.divmod(pairs, size.relations)
    return np.stack([h, r, t], axis=1)


def _keys(size: Size, draw: np.random.Generator, h: Ids) -> Ids:
    """Give heads relations and tails; a fact is one number."""
    r = _ranked(draw, size.relations, len(h), size.relation_slope)
    t = _ranked(draw, size.entities, len(h), size.tail_slope)
    return (h * size.relations + r) * size.entities + t


def _ranked(draw: np.random.Generator, bound: int, count: int, slope: float) -> Ids:
    """Draw ids below a bound, the id k in proportion to (k + 1) ** -slope."""
    places = draw.random(count) ** (1 / (1 - slope)) * bound
    return np.minimum(places.astype(np.int64), bound - 1)


def write_facts(facts: Ids, path: Path) -> None:
    """Write facts as lines of labels.

    Args:
        facts: `(facts, 3)` ids.
        path: the file.
    """
    with path.open("w", encoding="ascii", newline="\n") as file:
        for start in range(0, len(facts), BLOCK):
            block = facts[start : start + BLOCK].copy()
            block[:, ::2] = block[:, ::2] * SCATTER % (1 << 32)
            file.writelines(map("Q%d\tP%d\tQ%d\n".__mod__, map(tuple, block.tolist())))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--entities", type=int, default=Size.entities)
    parser.add_argument("--relations", type=int, default=Size.relations)
    parser.add_argument("--facts", type=int, default=Size.facts)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    size = Size(entities=asked.entities, relations=asked.relations, facts=asked.facts)
    write_facts(draw_facts(size, seed=asked.seed), asked.path)
    print(f"{asked.path}: {asked.facts} facts, {asked.path.stat().st_size / 2**20:.0f} MiB")
