import pytest
import torch

from lichen.base.errors import ConfigError
from lichen.data.graph import Graph
from lichen.embedding.complex import ComplEx
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.distmult import DistMult
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.rescal import RESCAL
from lichen.embedding.trainer import train_embedding
from lichen.embedding.tucker import TuckER


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_ones_on_the_diagonal_give_distmult():
    scorer = TuckER(4)
    with torch.no_grad():
        scorer.core.zero_()
        scorer.core[range(4), range(4), range(4)] = 1.0
    vectors = drawn(3, 5, 4)
    torch.testing.assert_close(scorer.score(*vectors), DistMult(4).score(*vectors))


def test_a_relation_mixes_the_matrices_of_the_core():
    scorer, (h, t), r = TuckER(4, relation_dim=3), drawn(2, 5, 4), drawn(5, 3)
    mixed = torch.einsum("bk,ikj->bij", r, scorer.core).flatten(1)
    torch.testing.assert_close(scorer.score(h, r, t), RESCAL(4).score(h, mixed, t))


def test_it_starts_as_complex_with_shared_numbers_of_relations():
    scorer, (h, t), r = TuckER(8, relation_dim=4), drawn(2, 5, 8), drawn(5, 4)
    shared = torch.cat([r[:, :2], r[:, :2], r[:, 2:], r[:, 2:]], dim=1)
    torch.testing.assert_close(scorer.score(h, r, t), ComplEx(8).score(h, shared, t))


@pytest.mark.parametrize(("dim", "relation_dim"), [(1, 1), (3, 1), (4, 1), (5, 3), (1, 4)])
def test_numbers_without_a_partner_are_real(dim, relation_dim):
    core = TuckER(dim, relation_dim=relation_dim).core
    assert (core[range(dim), :, range(dim)].sum(1) == 1).all()
    if min(dim, relation_dim) == 1:
        assert core.abs().sum() == dim


def test_the_core_moves_slowly():
    graph = Graph.from_triples([("a", "next", "b"), ("b", "next", "c")])
    encoder = GraphEncoder("tucker", graph, dim=4, seed=2)
    core, table = (x.detach().clone() for x in (encoder.scorer.core, encoder.entity_table))
    config = EmbeddingConfig(epochs=2, learning_rate=0.1, candidates="all")
    train_embedding(encoder, graph, config=config)
    moved = (encoder.scorer.core - core).abs().max()
    assert 0 < moved < 1e-3 < (encoder.entity_table - table).abs().max()


def test_queries_start_about_as_long_as_their_heads():
    torch.manual_seed(0)
    scorer, heads = TuckER(48, relation_dim=24), drawn(300, 48)
    relations = scorer.start_relations(300, torch.Generator().manual_seed(1))
    assert relations.shape == (300, 24)
    gain = scorer.tail_query(heads, relations).norm(dim=1) / heads.norm(dim=1)
    assert 0.85 < gain.mean() < 1.15


def test_gradient_reaches_the_core_and_the_seed_fixes_it():
    graph = Graph.from_triples([("a", "next", "b")])
    one, again = (GraphEncoder("tucker", graph, dim=4, seed=2) for _ in range(2))
    other = GraphEncoder("tucker", graph, dim=4, seed=3)
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])
    assert not torch.equal(one.relation_table, other.relation_table)
    one.score_tails([0], [0]).sum().backward()
    assert one.scorer.core.grad.abs().sum() > 0


def test_no_matrix_is_refused():
    with pytest.raises(ConfigError, match="relation_dim must be between 1"):
        TuckER(4, relation_dim=0)
