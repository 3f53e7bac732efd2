import torch

from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.known import fact_dim, look_up

MENTION_OF = torch.tensor([[-1, 0, 1, 1]])
MASK = torch.ones(1, 4, dtype=torch.bool)


def known(nodes, entities, facts=None, **more):
    return look_up(nodes, mention_of=MENTION_OF, mask=MASK, entities=entities, facts=facts, **more)


def test_tokens_have_their_mentions_entity(nodes):
    found = known(nodes, torch.tensor([[2, -1, -1]]))
    assert found.linked.tolist() == [[False, True, False, False]]
    assert torch.equal(found.entities[0, 1], nodes.vectors([2])[0])
    assert found.entities[0, [0, 2, 3]].abs().sum() == 0
    assert found.facts.shape[:3] == (1, 3, 0)


def test_a_fact_is_other_entity_relation_and_direction(nodes):
    facts = torch.tensor([[[[0, 1], [3, 2]], [[-1, -1], [-1, -1]]]])
    found = known(nodes, torch.tensor([[0, 1]]), facts)
    width = nodes.entity_dim
    assert found.facts.shape == (1, 2, 2, fact_dim(nodes))
    assert torch.equal(found.facts[0, 0, 0, :width], nodes.vectors([1])[0])
    assert torch.equal(found.facts[0, 0, 1, width:-1], nodes.relation_table[3])
    assert found.facts[0, 0, :, -1].tolist() == [1.0, -1.0]
    assert found.facts[0, 1].abs().sum() == 0
    assert found.is_fact.tolist() == [[[True, True], [False, False]]]


def test_one_vector_a_relation_serves_both_directions(graph):
    nodes = GraphEncoder("distmult", graph, dim=8, reciprocal=False)
    found = known(nodes, torch.tensor([[0, 1]]), torch.tensor([[[[3, 2]], [[1, 2]]]]))
    there, back = found.facts[0, 0, 0], found.facts[0, 1, 0]
    assert torch.equal(there[:-1], back[:-1])
    assert (there[-1], back[-1]) == (-1.0, 1.0)


def test_sizes_are_scaled_and_means_are_by_mention(nodes):
    scales = (torch.tensor(2.0), torch.tensor(3.0))
    found = known(nodes, torch.tensor([[2, 0]]), scales=scales)
    assert torch.equal(found.at_mentions[0, 0], 2.0 * nodes.vectors([2])[0])
    states = torch.randn(1, 4, 5)
    means = found.mention_means(states)
    assert torch.allclose(means[0, 0], states[0, 1])
    assert torch.allclose(means[0, 1], states[0, 2:].mean(0), atol=1e-6)


def test_no_graph_and_no_mention_pass():
    found = known(None, torch.tensor([[0, -1]]))
    assert found.at_mentions.shape == (1, 2, 1)
    assert found.linked.tolist() == [[False, True, False, False]]
    empty = known(None, torch.zeros((1, 0), dtype=torch.long))
    assert not empty.linked.any()
    assert empty.entities.shape == (1, 4, 1)
