import numpy as np
import pytest
import torch

from lichen.data.graph import Graph
from lichen.embedding import SCORERS
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.trainer import train_embedding
from lichen.embedding.unseen import fit_unseen

CLUBS, SIZE = 6, 12


def club_facts():
    """People of a club know one another and meet in its town, which lies in its land."""
    rng = np.random.default_rng(0)
    facts = []
    for club in range(CLUBS):
        people = [f"person {club}.{i}" for i in range(SIZE)]
        for i, person in enumerate(people):
            facts.append((person, "meets_in", f"town {club}"))
            friends = rng.choice([j for j in range(SIZE) if j != i], 4, replace=False)
            facts += [(person, "knows", people[j]) for j in friends]
        facts.append((f"town {club}", "lies_in", f"land {club}"))
    return facts


@pytest.mark.parametrize("name", SCORERS)
def test_a_newcomer_is_placed_by_its_friends(name):
    graph = Graph.from_triples(club_facts())
    encoder = GraphEncoder(name, graph, dim=32)
    train_embedding(encoder, graph, config=EmbeddingConfig(epochs=60, batch_size=128))
    person, relation = graph.entities.ids, graph.relations.id
    right = 0
    for club in range(CLUBS):
        friends = person([f"person {club}.{i}" for i in range(3)])
        vector = encoder.encode_unseen(
            as_head=[(relation("knows"), friend) for friend in friends[:2]],
            as_tail=[(friends[2], relation("knows"))],
        )
        towns = encoder.vectors(person([f"town {i}" for i in range(CLUBS)]))
        meets = encoder.relation_table[[relation("meets_in")]]
        right += int(encoder.scorer.score_tails(vector[None], meets, towns).argmax()) == club
    assert right >= CLUBS - 1


def test_fit_is_repeatable_and_leaves_the_others_alone():
    graph = Graph.from_triples(club_facts())
    encoder = GraphEncoder("complex", graph, dim=16)
    before = encoder.vectors().detach().clone()
    first = encoder.encode_unseen(as_head=[(0, 1)], as_tail=[(2, 1)])
    assert torch.equal(first, encoder.encode_unseen(as_head=[(0, 1)], as_tail=[(2, 1)]))
    assert torch.equal(encoder.vectors(), before)
    assert not first.requires_grad


def test_direction_matters():
    graph = Graph.from_triples(club_facts())
    encoder = GraphEncoder("complex", graph, dim=16)
    asking, answering = encoder.relation_table[[0]], encoder.relation_table[[1]]
    given = {"others": encoder.vectors([3]), "rivals": encoder.vectors([4, 5])}
    one = fit_unseen(encoder.scorer, asking, answering, **given)
    other = fit_unseen(encoder.scorer, answering, asking, **given)
    assert not torch.allclose(one, other)
