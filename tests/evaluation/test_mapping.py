"""Mapping classes against counting by hand."""

from collections import defaultdict

import numpy as np

from lichen.evaluation.mapping import MAPPINGS, mapping_classes


def by_hand(triples, num_relations):
    tails, heads = defaultdict(set), defaultdict(set)
    for h, r, t in triples:
        tails[r, h].add(t)
        heads[r, t].add(h)
    found = []
    for r in range(num_relations):
        many = [
            np.mean([len(v) for k, v in side.items() if k[0] == r] or [1])
            for side in (heads, tails)
        ]
        found.append("-".join("N" if x >= 1.5 else "1" for x in many))
    return tuple(found)


def test_equals_counting_by_hand():
    draw = np.random.default_rng(0)
    parts = [
        np.stack([draw.integers(a, size=30), np.full(30, r), draw.integers(b, size=30)], axis=1)
        for r, (a, b) in enumerate([(1000, 1000), (5, 1000), (1000, 5), (7, 7), (40, 40)])
    ]
    triples = np.unique(np.concatenate(parts), axis=0)
    found = mapping_classes(triples, num_relations=6)
    assert found == by_hand(triples.tolist(), 6)
    assert found[:4] == ("1-1", "1-N", "N-1", "N-N")
    assert set(found) <= set(MAPPINGS)


def test_the_bound_counts_as_many():
    triples = np.array([[0, 0, 1], [0, 0, 2], [3, 0, 4]])  # 3 tails of 2 heads: 1.5
    assert mapping_classes(triples, num_relations=1) == ("1-N",)


def test_no_fact():
    assert mapping_classes(np.empty((0, 3), dtype=np.int64), num_relations=1) == ("1-1",)
