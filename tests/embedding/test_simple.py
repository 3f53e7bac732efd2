import torch

from lichen.embedding.cp import CP
from lichen.embedding.distmult import DistMult
from lichen.embedding.simple import SimplE


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_golden_mean_of_both_readings():
    # forwards 2 * 3 * 7 = 42, backwards 5 * 11 * 13 = 715
    h, r, t = (torch.tensor(x) for x in ([2.0, 13.0], [3.0, 11.0], [5.0, 7.0]))
    assert SimplE(1).score(h, r, t).item() == (42 + 715) / 2


def test_equal_halves_give_distmult():
    h, r, t = drawn(3, 5, 4)
    double = (x.repeat(1, 2) for x in (h, r, t))
    torch.testing.assert_close(SimplE(4).score(*double), DistMult(4).score(h, r, t))


def test_is_the_mean_of_two_decompositions():
    h, r, t = drawn(3, 5, 8)
    forwards, back = r.chunk(2, dim=1)
    both = CP(4).score(h, forwards, t) + CP(4).score(t, back, h)
    torch.testing.assert_close(SimplE(4).score(h, r, t), both / 2)


def test_exchanged_halves_are_the_inverse_relation():
    h, r, t = drawn(3, 5, 8)
    torch.testing.assert_close(SimplE(4).score(h, r, t), SimplE(4).score(t, r.roll(4, dims=1), h))
