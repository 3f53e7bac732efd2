import pytest
import torch

from lichen.base.errors import ConfigError
from lichen.embedding.complex import ComplEx, complex_moduli, complex_times, conjugate_times
from lichen.embedding.distmult import DistMult


def test_odd_width_is_refused_with_the_next_even_one():
    with pytest.raises(ConfigError, match=r"dim must be even for complex.*got 7\. Use 8\."):
        ComplEx(7)


def test_golden_score_of_one_complex_coordinate():
    # (1 + 2i)(3 + 4i) = -5 + 10i; times conj(5 + 6i): real part -5 * 5 + 10 * 6 = 35
    h, r, t = (torch.tensor(x) for x in ([1.0, 2.0], [3.0, 4.0], [5.0, 6.0]))
    assert ComplEx(2).score(h, r, t).item() == 35.0
    assert ComplEx(2).interaction(h, t).tolist() == [17.0, -4.0]


def test_products_and_lengths_of_complex_numbers():
    a, b = torch.tensor([1.0, 0.0, 2.0, 3.0]), torch.tensor([3.0, 1.0, 4.0, 0.0])
    assert complex_times(a, b).tolist() == [-5.0, 0.0, 10.0, 3.0]
    assert conjugate_times(a, b).tolist() == [11.0, 0.0, -2.0, -3.0]
    assert complex_moduli(b).tolist() == pytest.approx([5.0, 1.0])


def test_real_relation_is_symmetric_and_imaginary_one_antisymmetric():
    h, t = torch.tensor([[1.0, 2.0, -1.0, 0.5], [0.3, -1.0, 2.0, 4.0]])
    real, imaginary = torch.tensor([2.0, 3.0, 0.0, 0.0]), torch.tensor([0.0, 0.0, 2.0, 3.0])
    scorer = ComplEx(4)
    torch.testing.assert_close(scorer.score(h, real, t), scorer.score(t, real, h))
    torch.testing.assert_close(scorer.score(h, imaginary, t), -scorer.score(t, imaginary, h))


def test_without_imaginary_parts_it_is_distmult():
    halves = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0))
    padded = torch.cat([halves, torch.zeros_like(halves)], dim=-1)
    torch.testing.assert_close(ComplEx(8).score(*padded), DistMult(4).score(*halves))
