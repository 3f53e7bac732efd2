import numpy as np
import pytest
import torch

from lichen.alignment.entities import AlignConfig, align_graphs
from lichen.base.errors import ChoiceError, ConfigError, DataError, ShapeError
from lichen.data.graph import Graph

SMALL = {"width": 64, "dim": 256, "kept": 20}


@pytest.fixture(scope="module")
def world():
    """Two copies of one random graph under other labels, some facts missing from each."""
    draw = np.random.default_rng(0)
    facts = np.stack([draw.integers(n, size=1200) for n in (200, 8, 200)], axis=1)
    turn = draw.permutation(200)
    left = [(f"e{h}", f"r{r}", f"e{t}") for h, r, t in facts[draw.random(1200) < 0.9]]
    right = [(f"x{turn[h]}", f"q{r}", f"x{turn[t]}") for h, r, t in facts[draw.random(1200) < 0.9]]
    ours, theirs = Graph.from_triples(left), Graph.from_triples(right)
    pairs = [
        (f"e{i}", f"x{turn[i]}")
        for i in range(200)
        if f"e{i}" in ours.entities and f"x{turn[i]}" in theirs.entities
    ]
    return ours, theirs, pairs


def named(world, noise):
    """Vectors of names that agree up to noise."""
    left, right, pairs = world
    draw = np.random.default_rng(1)
    vectors = {label: draw.normal(size=16) for pair in pairs for label in pair[:1]}
    vectors |= {b: vectors[a] for a, b in pairs}
    return tuple(
        np.array([vectors[e] + noise * draw.normal(size=16) for e in graph.entities])
        for graph in (left, right)
    )


def share_right(found, pairs):
    right = dict(pairs)
    return np.mean([right[m.left] == m.right for m in found.matches()])


def test_structure_finds_the_pairs_from_a_few(world):
    left, right, pairs = world
    config = AlignConfig(by="structure", **SMALL)
    found = align_graphs(left, right, seeds=pairs[:25], config=config)
    assert share_right(found, pairs) > 0.9
    one_round = AlignConfig(by="structure", rounds=1, **SMALL)
    fewer = align_graphs(left, right, seeds=pairs[:8], config=one_round)
    more = align_graphs(left, right, seeds=pairs[:8], config=config)
    assert share_right(more, pairs) > share_right(fewer, pairs)


def test_names_and_structure_find_more_than_either(world):
    left, right, pairs = world
    names = named(world, noise=0.7)
    share = {}
    for by in ("structure", "names", "both"):
        config = AlignConfig(by=by, rounds=1, **SMALL)
        share[by] = share_right(
            align_graphs(left, right, seeds=pairs[:4], names=names, config=config), pairs
        )
    assert share["both"] > max(share["structure"], share["names"])


def test_names_alone_need_no_seed_and_read_no_fact(world):
    left, right, pairs = world
    names = named(world, noise=0.1)
    config = AlignConfig(by="names", **SMALL)
    found = align_graphs(left, right, names=names, config=config)
    assert share_right(found, pairs) == 1.0
    blank = align_graphs(left.select([]), right.select([]), names=names, config=config)
    assert np.array_equal(blank.pairs, found.pairs)


def test_matches_are_one_to_one_sorted_and_leave_the_seeds_out(world):
    left, right, pairs = world
    found = align_graphs(left, right, seeds=pairs[:25], config=AlignConfig(by="structure", **SMALL))
    matches = found.matches()
    assert len({m.left for m in matches}) == len({m.right for m in matches}) == len(matches)
    assert not {m.left for m in matches} & {a for a, _ in pairs[:25]}
    scores = [m.score for m in matches]
    assert scores == sorted(scores, reverse=True)
    assert len(found.matches(at_least=0.5)) == sum(s >= 0.5 for s in scores)
    assert repr(found).startswith(f"EntityAlignment({len(matches)} pairs of ")
    assert np.allclose(np.linalg.norm(found.left_vectors, axis=1), 1, atol=1e-5)


def test_candidates_limit_both_sides_and_a_seed_repeats_the_result(world):
    left, right, pairs = world
    asked = pairs[30:60]
    given = {
        "seeds": pairs[:25],
        "candidates": ([a for a, _ in asked], [b for _, b in asked]),
        "config": AlignConfig(by="structure", **SMALL),
    }
    one, other = (align_graphs(left, right, **given) for _ in range(2))
    assert one.matches() == other.matches()
    assert {m.left for m in one.matches()} <= {a for a, _ in asked}
    assert {m.right for m in one.matches()} <= {b for _, b in asked}


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({}, DataError, "at least one known pair is needed"),
        ({"seeds": [("e0", "nobody")]}, DataError, r"seeds\[0\].*'nobody' is none of the right"),
        ({"seeds": [("e1", "x1", 1)]}, DataError, r"seeds\[0\]: must be a pair, .*'x1', 1\)"),
        ({"seeds": ["e1"]}, DataError, r"seeds\[0\]: must be a pair, .* got 'e1'"),
        ({"names": (["a"] * 9, ["b"] * 9)}, DataError, "names: must be rows of numbers"),
        ({"seeds": [("e1", "x1"), ("e1", "x2")]}, DataError, "'e1' of the left graph stands in 2"),
        ({"config": AlignConfig(by="names")}, ConfigError, "needs name vectors"),
        ({"names": (np.ones((3, 2)), np.ones((3, 2)))}, ShapeError, "a row an entity"),
        ({"seeds": [("e1", "x1")], "candidates": (["zz"], ["x2"])}, DataError, "'zz' is no entity"),
        ({"seeds": [("e1", "x1")], "candidates": ([], ["x2"])}, DataError, "no entity left"),
    ],
)
def test_bad_input_is_refused(world, given, error, words):
    with pytest.raises(error, match=words):
        align_graphs(world[0], world[1], **given)


def test_name_vectors_must_be_finite(world):
    one, other = named(world, noise=0.0)
    other[3, 0] = np.nan
    with pytest.raises(DataError, match="row 3 of the right side holds NaN"):
        align_graphs(world[0], world[1], names=(one, other))


def test_name_vectors_may_be_tensors_that_learn(world):
    names = named(world, noise=0.1)
    config = AlignConfig(by="names", **SMALL)
    want, found = (
        align_graphs(world[0], world[1], names=given, config=config)
        for given in (names, tuple(torch.from_numpy(side).requires_grad_() for side in names))
    )
    assert np.array_equal(found.pairs, want.pairs)


def test_settings_are_checked():
    with pytest.raises(ChoiceError, match=r"align\.by must be one of both, names, structure"):
        AlignConfig(by="name")
    with pytest.raises(ConfigError, match=r"align\.accept"):
        AlignConfig(accept=2.0)
