import torch

from lichen.embedding.distmult import DistMult


def test_golden_and_the_same_both_ways():
    h, r, t = (torch.tensor(x) for x in ([1.0, 2.0], [3.0, 4.0], [5.0, -6.0]))
    assert DistMult(2).score(h, r, t).item() == 15.0 - 48.0
    assert DistMult(2).score(t, r, h).item() == 15.0 - 48.0
    assert DistMult(2).interaction(h, t).tolist() == [5.0, -12.0]
