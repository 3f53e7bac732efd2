import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.factorisation import RIDGE, factorise
from lichen.embedding.known import KnownAnswers
from lichen.evaluation.ranks import rank_of_truth

BLOCKS, SIZE = 4, 8


def blocks(*, hide=0):
    """Everybody of block b likes everybody of block b + 1, and knows all of the own block."""
    facts = []
    for b in range(BLOCKS):
        for i in range(SIZE):
            for j in range(SIZE):
                facts.append((f"{b}.{i}", "likes", f"{(b + 1) % BLOCKS}.{j}"))
                facts.append((f"{b}.{i}", "knows", f"{b}.{j}"))
    order = np.random.default_rng(0).permutation(len(facts))
    kept = [facts[i] for i in order[hide:]]
    return Graph.from_triples(kept, splits={"test": [facts[i] for i in order[:hide]]})


def filtered_mrr(encoder, graph):
    triples = graph.split("test")
    known = KnownAnswers(graph.triples, num_relations=graph.num_relations)
    h, r, t = triples.T
    found = []
    for asked, by, truth in ((h, r, t), (t, r + graph.num_relations, h)):
        hide = known.mask(asked, by, num_entities=graph.num_entities)
        scores = encoder.score_directed(asked, by).numpy()
        found.append(1 / rank_of_truth(scores, truth, hide=hide))
    return float(np.concatenate(found).mean())


def dense(graph, *, dim):
    """Score all facts by a whole singular value decomposition and ridge regression, densely.

    Returns `(relations, entities, entities)`, and the values that are kept and the first that is
    not.
    """
    facts = np.zeros((graph.num_relations, graph.num_entities, graph.num_entities))
    h, r, t = graph.triples.T
    facts[r, h, t] = 1.0
    basis, values, _ = np.linalg.svd(np.concatenate([*facts, *facts.transpose(0, 2, 1)], axis=1))
    entities = basis[:, :dim] * np.sqrt(values[:dim])
    design = np.kron(entities, entities)  # vec(A R A') = (A x A) vec(R)
    square = design.T @ design + RIDGE * values[0] ** 2 * np.eye(dim * dim)
    relations = np.linalg.solve(square, design.T @ facts.reshape(len(facts), -1).T)
    return (design @ relations).T.reshape(facts.shape), values[: dim + 1]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dim", [1, 3, 6])
def test_scores_as_the_dense_formula_does(dim, seed):
    drawn = np.random.default_rng(seed).integers(6, size=(16, 2)).tolist()
    ring = [(f"e{i}", "next", f"e{(i + 1) % 6}") for i in range(6)]
    graph = Graph.from_triples([*ring, *((f"e{h}", f"r{h % 2}", f"e{t}") for h, t in drawn)])
    expected, values = dense(graph, dim=dim)
    assert (np.diff(values) < -1e-3).all()  # else the space that is kept is anyone's choice
    h, r, t = np.indices((6, graph.num_relations, 6)).reshape(3, -1)
    scores = factorise(graph, dim=dim).score(h, r, t).detach().numpy()
    np.testing.assert_allclose(scores, expected[r, h, t], atol=2e-5)


def test_rebuilds_a_graph_of_blocks_from_as_many_values():
    graph = blocks()
    encoder = factorise(graph, dim=BLOCKS)
    assert (encoder.scorer_name, encoder.reciprocal) == ("rescal", False)
    for relation in range(2):
        scores = encoder.score_directed(range(BLOCKS * SIZE), [relation] * BLOCKS * SIZE)
        for h in range(BLOCKS * SIZE):
            tails = graph.tails(h, relation)
            best = scores[h].topk(len(tails)).indices.tolist()
            assert set(best) == set(tails)


def test_facts_left_out_rank_first_among_the_rest():
    graph = blocks(hide=60)
    assert filtered_mrr(factorise(graph, dim=BLOCKS), graph) > 0.99


def test_direction_is_kept():
    graph = blocks()
    encoder = factorise(graph, dim=BLOCKS)
    h, t = graph.entities.id("0.0"), graph.entities.id("1.0")
    likes = graph.relations.id("likes")
    assert encoder.score([h], [likes], [t]) > encoder.score([t], [likes], [h]) + 0.5


def test_same_seed_same_vectors_and_torch_stream_untouched():
    graph = blocks(hide=60)
    state = torch.get_rng_state()
    one, again = (factorise(graph, dim=6, seed=1) for _ in range(2))
    assert torch.equal(one.vectors(), again.vectors())
    assert torch.equal(one.relation_table, again.relation_table)
    assert torch.equal(state, torch.get_rng_state())


def test_more_values_than_entities_leave_zeros():
    graph = Graph.from_triples([("a", "next", "b"), ("b", "next", "c")])
    encoder = factorise(graph, dim=16)
    assert encoder.vectors().shape == (3, 16)
    assert not encoder.vectors()[:, 3:].any()
    assert torch.isfinite(encoder.relation_table).all()
    assert encoder.score_tails([0, 1], [0, 0]).argmax(1).tolist() == [1, 2]


def test_saves_and_loads(tmp_path):
    encoder = factorise(blocks(), dim=4)
    again = GraphEncoder.load(encoder.save(tmp_path / "factors"))
    assert torch.equal(again.score_tails([0], [1]), encoder.score_tails([0], [1]))


def test_no_fact_is_refused():
    with pytest.raises(DataError, match="at least one fact to factorise"):
        factorise(blocks().select([]), dim=4)


def test_no_dimension_is_refused_in_one_line():
    with pytest.raises(ConfigError, match=r"^dim must be between 1 and 1000000; got 0\.$"):
        factorise(blocks(), dim=0)


def test_is_clearly_above_chance_on_umls(lichen_data):
    folder = lichen_data / "kgc_small" / "umls"
    if not folder.is_dir():
        pytest.skip(f"{folder}: no such folder")
    facts = {
        name: [
            tuple(line.split("\t")) for line in (folder / f"{name}.txt").read_text().splitlines()
        ]
        for name in ("train", "valid", "test")
    }
    splits = {name: facts[name] for name in ("valid", "test")}
    graph = Graph.from_triples(facts["train"], splits=splits)
    untrained = GraphEncoder("rescal", graph, dim=32, reciprocal=False)
    assert filtered_mrr(untrained, graph) < 0.15
    assert filtered_mrr(factorise(graph, dim=32), graph) > 0.8
    assert filtered_mrr(factorise(graph, dim=135), graph) > 0.8
