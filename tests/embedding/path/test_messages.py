"""The kernel beside one product at a time, and its gradients beside autograd's."""

import numpy as np
import pytest
import torch

from lichen.embedding.path import messages
from lichen.embedding.path.messages import Links

SOURCES, TARGETS, RELATIONS, DIM = 7, 5, 3, 4


def drawn(count, seed=0):
    draw = np.random.default_rng(seed)
    source = np.sort(draw.integers(0, SOURCES, count))
    return source, draw.integers(0, TARGETS, count), draw.integers(0, RELATIONS, count)


def links_of(source, target, relation):
    return Links.of(
        source,
        target,
        relation,
        num_sources=SOURCES,
        num_targets=TARGETS,
        num_relations=RELATIONS,
    )


@pytest.mark.parametrize("chunk", [1, 3, 1000])
@pytest.mark.parametrize("count", [0, 1, 40])
def test_sums_and_gradients_equal_the_plain_ones(count, chunk, monkeypatch):
    monkeypatch.setattr(messages, "CHUNK", chunk)
    edges = drawn(count)
    draw = torch.Generator().manual_seed(1)
    states = torch.randn(SOURCES, DIM, generator=draw, requires_grad=True)
    vectors = torch.randn(RELATIONS, DIM, generator=draw, requires_grad=True)
    weight = torch.randn(TARGETS, DIM, generator=draw)
    found = links_of(*edges).sums(states, vectors)
    rows = [
        sum(
            (states[s] * vectors[r] for s, t, r in zip(*edges, strict=True) if t == target),
            torch.zeros(DIM),
        )
        for target in range(TARGETS)
    ]
    expected = torch.stack(rows)
    torch.testing.assert_close(found, expected)
    got = torch.autograd.grad((found * weight).sum(), (states, vectors))
    if count:
        plain = torch.autograd.grad((expected * weight).sum(), (states, vectors))
        torch.testing.assert_close(got, plain)
    else:
        assert not got[0].any()
        assert not got[1].any()


def test_outside_autograd_only_one_order_is_made():
    with torch.no_grad():
        links = links_of(*drawn(9))
    assert links.by_source is None
    assert links.by_relation is None
