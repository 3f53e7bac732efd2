import torch
from torch.nn.functional import normalize

from lichen.alignment.propagation import JointFacts, propagate, surroundings
from lichen.data.graph import Graph

LEFT = Graph.from_triples([("a", "r", "b"), ("b", "s", "c"), ("a", "s", "c")])
RIGHT = Graph.from_triples([("A", "R", "B")])


def test_facts_are_joined_in_both_directions_and_nothing_is_shared():
    facts = JointFacts.of(LEFT, RIGHT)
    assert (facts.num_entities, facts.num_relations) == (5, 6)
    rows = torch.stack([facts.heads, facts.relations, facts.tails], 1).tolist()
    a, b, c = (LEFT.entities.id(x) for x in "abc")
    r, s = (LEFT.relations.id(x) for x in "rs")
    left = [(a, r, b), (b, s, c), (a, s, c)]
    expected = [[h, 2 * p, t] for h, p, t in left] + [[t, 2 * p + 1, h] for h, p, t in left]
    expected += [[3, 4, 4], [4, 5, 3]]
    assert sorted(rows) == sorted(expected)


def test_a_step_agrees_with_the_slow_formula():
    facts = JointFacts.of(LEFT, RIGHT)
    start = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    entities, relations = propagate(facts, start, depth=2)
    rows = torch.stack([facts.heads, facts.relations, facts.tails], 1).tolist()
    one, other = start, torch.zeros(6, 4)
    for step in (1, 2):
        new_one, new_other = torch.zeros(5, 4), torch.zeros(6, 4)
        for h, _, t in rows:
            new_one[h] += one[t] + 2 * one[h]
        for t, r in {(t, r) for _, r, t in rows}:
            new_one[t] += other[r]
        for r, h in {(r, h) for h, r, _ in rows}:
            new_other[r] += one[h]
        one, other = normalize(new_one), normalize(new_other)
        assert torch.allclose(entities[step], one, atol=1e-5)
        assert torch.allclose(relations[step], other, atol=1e-5)


def test_the_sketch_keeps_the_inner_products_of_outer_products():
    facts = JointFacts.of(LEFT, LEFT)
    draw = torch.Generator().manual_seed(0)
    one, other = torch.randn(6, 512, generator=draw), torch.randn(8, 512, generator=draw)
    sketched = surroundings(facts, [one], [other], dim=8192)
    exact = torch.zeros(6, 512, 512)
    for h, r, t in zip(facts.heads, facts.relations, facts.tails, strict=True):
        exact[h] += other[r][:, None] * one[t]
    exact = normalize(exact.reshape(6, -1))
    assert torch.allclose(sketched @ sketched.T, exact @ exact.T, atol=0.08)


def test_an_entity_without_a_fact_has_no_surroundings():
    facts = JointFacts.of(LEFT.select([0]), RIGHT)
    entities, relations = propagate(facts, torch.ones(5, 8))
    around = surroundings(facts, entities, relations, dim=16)
    assert not around[LEFT.entities.id("c")].any()
    assert torch.isfinite(around).all()
