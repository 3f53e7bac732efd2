import pytest
import torch
from torch import nn

from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.tables import ComputedEntities, TableEntities


class Doubled(GraphEncoder):
    """Vectors that are computed: twice a table, through a learned scale."""

    def __init__(self, graph):
        super().__init__("distmult", graph, dim=2)
        self.scale = nn.Parameter(torch.tensor(2.0))

    @property
    def is_table(self):
        return False

    def vectors(self, ids=None):
        rows = self.entity_table if ids is None else self.entity_table[ids]
        return rows * self.scale


@pytest.fixture
def graph():
    return Graph.from_triples([("a", "r", "b"), ("b", "r", "c")])


def test_a_table_gives_rows_and_moves_those_pushed(graph):
    encoder = GraphEncoder("distmult", graph, dim=2)
    before = encoder.vectors().detach().clone()
    entities = TableEntities(encoder, "adagrad", learning_rate=0.1)
    assert torch.equal(entities.rows(torch.tensor([2, 0])), before[[2, 0]])
    entities.push(torch.ones(1, 2), torch.tensor([1]))
    torch.testing.assert_close(encoder.vectors()[1], before[1] - 0.1)
    assert torch.equal(encoder.vectors()[[0, 2]], before[[0, 2]])
    entities.set_learning_rate(0.0)
    entities.push(torch.ones(3, 2))
    torch.testing.assert_close(entities.all()[1], before[1] - 0.1)


def test_rows_moved_too_far_are_cut_back(graph):
    encoder = GraphEncoder("distmult", graph, dim=2)
    with torch.no_grad():
        encoder.entity_table.copy_(torch.tensor([[9.0, 12.0], [9.0, 12.0], [0.3, 0.4]]))
    entities = TableEntities(encoder, "adagrad", learning_rate=0.1, max_norm=5.0)
    entities.push(torch.zeros(2, 2), torch.tensor([2, 0]))
    cut, untouched, short = encoder.vectors().detach()
    torch.testing.assert_close(cut, torch.tensor([3.0, 4.0]))
    assert untouched.tolist() == [9.0, 12.0]
    torch.testing.assert_close(short, torch.tensor([0.3, 0.4]))
    entities.push(torch.zeros(3, 2))
    torch.testing.assert_close(encoder.vectors()[1].detach(), torch.tensor([3.0, 4.0]))


def test_computed_vectors_move_what_makes_them_and_not_the_relations(graph):
    encoder = Doubled(graph)
    entities = ComputedEntities(encoder, learning_rate=0.1)
    assert {id(x) for x in entities.weights} == {id(encoder.entity_table), id(encoder.scale)}
    read = entities.rows(torch.tensor([1]))
    assert not read.requires_grad
    start = encoder.scale.item()
    entities.push(torch.ones_like(read), torch.tensor([1]))
    gradient = float(read.sum() / start)
    moved = encoder.scale.item() - start
    assert moved == pytest.approx(-0.1 if gradient > 0 else 0.1, rel=1e-3)
    kept = {k: x.clone() for k, x in entities.state().items()}
    again = ComputedEntities(encoder, learning_rate=0.1)
    again.load(kept)
    assert {k: x.tolist() for k, x in again.state().items()} == {
        k: x.tolist() for k, x in kept.items()
    }
