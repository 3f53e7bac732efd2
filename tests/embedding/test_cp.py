import torch

from lichen.embedding.cp import CP
from lichen.embedding.distmult import DistMult


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_golden_reads_the_head_half_of_h_and_the_tail_half_of_t():
    h, r, t = (torch.tensor(x) for x in ([2.0, 100.0], [3.0], [1000.0, 5.0]))
    assert CP(1).score(h, r, t).item() == 30.0
    assert CP(1).score(t, r, h).item() == 300_000.0


def test_widths():
    assert (CP(4).entity_width, CP(4).relation_width) == (8, 4)
    entities = drawn(3, 8)
    assert torch.equal(CP(4).as_heads(entities), entities[:, :4])
    assert torch.equal(CP(4).as_tails(entities), entities[:, 4:])


def test_equal_halves_give_distmult():
    h, r, t = drawn(3, 5, 4)
    double = [x.repeat(1, 2) for x in (h, t)]
    torch.testing.assert_close(CP(4).score(double[0], r, double[1]), DistMult(4).score(h, r, t))


def test_a_fact_implies_one_half_only():
    h, t = drawn(2, 5, 8)
    r = drawn(5, 4)
    head, tail = CP(4).implied_head(r, t), CP(4).implied_tail(h, r)
    assert not head[:, 4:].any()
    assert not tail[:, :4].any()
    torch.testing.assert_close(head[:, :4], r * t[:, 4:])
    torch.testing.assert_close(tail[:, 4:], h[:, :4] * r)
