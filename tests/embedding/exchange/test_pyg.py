import pytest

from lichen.base.errors import ConfigError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.exchange.pyg import to_pyg, to_pyg_hetero

pytest.importorskip("torch_geometric", reason="torch_geometric is not installed")


def test_ids_and_splits_are_kept():
    graph = Graph.from_triples(
        [("a", "r", "b"), ("b", "q", "c")], splits={"test": [("c", "r", "a")]}
    )
    data = to_pyg(graph)
    assert data.edge_index.tolist() == [[0, 1, 2], [1, 2, 0]]
    assert data.edge_type.tolist() == [0, 1, 0]
    assert data.num_nodes == 3
    assert data.train_mask.tolist() == [True, True, False]
    assert data.test_mask.tolist() == [False, False, True]
    assert data.validate()


def test_changes_do_not_reach_the_graph(lands):
    data = to_pyg(lands)
    data.edge_index.zero_()
    data.edge_type.zero_()
    assert lands.triples[:, 1].max() > 0


def test_types_and_relations_become_kinds_of_nodes_and_edges(lands):
    data = to_pyg_hetero(lands)
    assert set(data.node_types) == {"country", "city", "river", "currency"}
    assert sum(data[kind].num_nodes for kind in data.node_types) == lands.num_entities
    facts = []
    for head, relation, tail in data.edge_types:
        edges = data[head, relation, tail]
        starts, ends = (
            data[head].entity[edges.edge_index[0]],
            data[tail].entity[edges.edge_index[1]],
        )
        r = lands.relations.id(relation)
        facts += [
            (row, h, r, t)
            for row, h, t in zip(edges.row.tolist(), starts.tolist(), ends.tolist(), strict=True)
        ]
    assert sorted(facts) == [(i, *fact) for i, fact in enumerate(lands.triples.tolist())]
    assert data.validate()


def test_entities_without_a_type_are_entities():
    data = to_pyg_hetero(Graph.from_triples([("a", "r", "b")]))
    assert data.edge_types == [("entity", "r", "entity")]


@pytest.mark.parametrize("convert", [to_pyg, to_pyg_hetero])
def test_what_is_no_graph_is_refused(lands, convert):
    encoder = GraphEncoder("distmult", lands, dim=2)
    with pytest.raises(ConfigError) as told:
        convert(encoder)
    assert str(told.value) == (
        f"{convert.__name__}: graph must be of type Graph; got GraphEncoder. Give the graph, not "
        "what was trained on it."
    )
