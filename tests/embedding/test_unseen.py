import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.data.graph import Graph
from lichen.data.vocabulary import Vocabulary
from lichen.embedding import SCORERS
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.distmult import DistMult
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.gnn.encoder import GraphNetwork
from lichen.embedding.trainer import train_embedding
from lichen.embedding.transe import TransE
from lichen.embedding.unseen import (
    facts_of_newcomers,
    find_newcomers,
    place_described,
    place_unseen,
)

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


def test_newcomer_has_the_usual_length_and_leaves_the_others_alone():
    graph = Graph.from_triples(club_facts())
    encoder = GraphEncoder("complex", graph, dim=16)
    before = encoder.vectors().detach().clone()
    vector = encoder.encode_unseen(as_head=[(0, 1)], as_tail=[(2, 1)])
    assert torch.equal(encoder.vectors(), before)
    assert not vector.requires_grad
    assert vector.norm().item() == pytest.approx(before.norm(dim=1).mean().item(), rel=1e-5)


def test_golden_places():
    r, t = torch.tensor([[1.0, 2.0], [0.0, 1.0]]), torch.tensor([[3.0, 5.0], [4.0, 4.0]])
    point = place_unseen(TransE(2).implied_head(r, t), size=None)
    assert point.tolist() == [3.0, 3.0]
    direction = place_unseen(DistMult(2).implied_head(r, t), size=torch.tensor(10.0))
    assert direction.tolist() == pytest.approx([10 * 3 / 205**0.5, 10 * 14 / 205**0.5])
    nowhere = place_unseen(torch.zeros(1, 2), size=torch.tensor(1.0))
    assert nowhere.tolist() == [0.0, 0.0]


def test_direction_matters():
    graph = Graph.from_triples(club_facts())
    encoder = GraphEncoder("complex", graph, dim=16)
    one = encoder.encode_unseen(as_head=[(0, 3)])
    other = encoder.encode_unseen(as_tail=[(3, 0)])
    assert not torch.allclose(one, other)


def test_golden_places_of_the_described():
    told, placed = torch.tensor([0.0, 3.0]), torch.tensor([4.0, 0.0])
    point = place_described(told, placed, num_facts=3, size=None)
    assert point.tolist() == [3.0, 0.75]
    size = torch.tensor(4.0)
    direction = place_described(told, placed, num_facts=1, size=size)
    assert direction.tolist() == pytest.approx([8**0.5, 8**0.5])
    assert place_described(told, placed, num_facts=0, size=size).tolist() == [0.0, 4.0]
    assert place_described(told, placed, num_facts=0, size=None).tolist() == [0.0, 3.0]


def test_what_is_told_of_newcomers():
    known = {"entities": Vocabulary(["a", "b"], what="entity")}
    known["relations"] = Vocabulary(["near", "in"], what="relation")
    facts = [("b", "in", "y"), ("x", "near", "a"), ("a", "near", "b"), ("y", "near", "z")]
    found = find_newcomers(facts, {"z": [1.0], "w": [2.0]}, **known)
    assert {label: tuple(one) for label, one in found.items()} == {
        "y": ([], [(1, 1)], None),
        "x": ([(0, 0)], [], None),
        "z": ([], [], [1.0]),
        "w": ([], [], [2.0]),
    }
    assert list(found) == ["y", "x", "z", "w"]
    assert find_newcomers([], {}, **known) == {}
    with pytest.raises(DataError, match="'z' must have a fact with an entity that was trained"):
        find_newcomers(facts, {}, **known)
    with pytest.raises(DataError, match="texts must be of new entities; got one of 'a'"):
        find_newcomers(facts, {"a": [1.0]}, **known)
    with pytest.raises(DataError, match="relation must be one of the 2 known; got 'under'"):
        find_newcomers([("x", "under", "a")], {}, **known)


@pytest.mark.parametrize(
    ("facts", "texts"),
    [([(" ", "near", "a")], {}), ([("a", "near", "")], {}), ([], {"": [1.0]}), ([], {7: [1.0]})],
    ids=str,
)
def test_a_newcomer_without_a_name_is_refused(facts, texts):
    known = {"entities": Vocabulary(["a", "b"], what="entity")}
    known["relations"] = Vocabulary(["near"], what="relation")
    with pytest.raises(
        DataError, match=r"^labels of new entities must be texts that are not blank"
    ):
        find_newcomers(facts, texts, **known)


@pytest.mark.parametrize("texts", [[1.0, 2.0], [], np.ones(2), "new"], ids=str)
@pytest.mark.parametrize("kind", [GraphEncoder, GraphNetwork])
def test_texts_that_are_no_mapping_are_one_clear_line(kind, texts):
    pytest.importorskip("torch_geometric")
    encoder = kind("distmult", Graph.from_triples([("a", "near", "b")]), dim=4)
    told = f"^texts must be of type Mapping; got {type(texts).__name__}. Give vectors by the labels"
    with pytest.raises(ConfigError, match=told):
        encoder.with_entities([("c", "near", "a")], texts=texts)


def test_facts_that_place_newcomers_are_found_in_the_train_split():
    own = Graph.from_triples([("a", "r", "b"), ("b", "s", "c")])
    known = [("a", "r", "b"), ("b", "s", "a")]
    placing = [("new", "r", "a"), ("c", "s", "newer")]
    useless = [("a", "unknown", "odd"), ("new", "r", "alone")]
    graph = Graph.from_triples(
        [*known, *placing, *useless], splits={"valid": [("later", "r", "a")]}
    )
    assert facts_of_newcomers(graph, entities=own.entities, relations=own.relations) == placing
    assert facts_of_newcomers(own, entities=own.entities, relations=own.relations) == []
