import torch

from lichen.embedding.distmult import DistMult
from lichen.embedding.rescal import RESCAL


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_golden_and_row_after_row():
    h, r, t = (torch.tensor(x) for x in ([1.0, 2.0], [1.0, 2.0, 3.0, 4.0], [5.0, 6.0]))
    assert RESCAL(2).tail_query(h, r).tolist() == [7.0, 10.0]
    assert RESCAL(2).head_query(r, t).tolist() == [17.0, 39.0]
    assert RESCAL(2).score(h, r, t).item() == 95.0


def test_diagonal_matrices_give_distmult():
    h, r, t = drawn(3, 5, 4)
    matrices = torch.diag_embed(r).flatten(1)
    torch.testing.assert_close(RESCAL(4).score(h, matrices, t), DistMult(4).score(h, r, t))


def test_transposed_matrix_is_the_inverse_relation():
    (h, t), r = drawn(2, 5, 4), drawn(5, 16)
    back = r.view(5, 4, 4).mT.flatten(1)
    torch.testing.assert_close(RESCAL(4).score(h, r, t), RESCAL(4).score(t, back, h))


def test_queries_start_as_long_as_their_heads():
    scorer, heads = RESCAL(64), drawn(300, 64)
    relations = scorer.start_relations(300, torch.Generator().manual_seed(1))
    gain = scorer.tail_query(heads, relations).norm(dim=1) / heads.norm(dim=1)
    assert 0.9 < gain.mean() < 1.1


def test_queries_by_relation_equal_those_row_by_row():
    draw = torch.Generator().manual_seed(1)
    scorer = RESCAL(3)
    table = torch.randn(4, 9, generator=draw).requires_grad_()
    known, rows = torch.randn(5, 3, generator=draw), torch.tensor([2, 0, 2, 3, 0])
    for many, one in (
        (scorer.tail_queries(known, table, rows), scorer.tail_query(known, table[rows])),
        (scorer.head_queries(table, rows, known), scorer.head_query(table[rows], known)),
    ):
        torch.testing.assert_close(many, one)
        expected = torch.autograd.grad(one.square().sum(), table)[0]
        torch.testing.assert_close(torch.autograd.grad(many.square().sum(), table)[0], expected)
