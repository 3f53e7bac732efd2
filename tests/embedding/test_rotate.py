import math

import pytest
import torch

from lichen.base.errors import ChoiceError, ConfigError
from lichen.embedding.complex import ComplEx
from lichen.embedding.rotate import RotatE


@pytest.fixture(params=["moduli", "euclidean", "squared"])
def scorer(request):
    return RotatE(6, distance=request.param)


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_golden_quarter_turn():
    # (1 + 2i) * i = -2 + i; from there to 1 + 5i it is 3 + 4i, of length 5
    h, r, t = torch.tensor([1.0, 2.0]), torch.tensor([math.pi / 2]), torch.tensor([1.0, 5.0])
    for distance in ("moduli", "euclidean"):
        assert RotatE(2, distance=distance).score(h, r, t).item() == pytest.approx(-5.0)


def test_the_two_distances_differ_beyond_one_number():
    h, t = torch.zeros(4), torch.tensor([3.0, 6.0, 4.0, 8.0])
    r = torch.zeros(2)
    assert RotatE(4).score(h, r, t).item() == pytest.approx(-15.0)
    assert RotatE(4, distance="euclidean").score(h, r, t).item() == pytest.approx(-(125**0.5))
    assert RotatE(4, distance="squared").score(h, r, t).item() == pytest.approx(-125.0)


def test_turning_back_is_the_inverse_relation(scorer):
    (h, t), r = drawn(2, 5, 6), drawn(5, 3)
    torch.testing.assert_close(scorer.score(h, r, t), scorer.score(t, -r, h))
    there = scorer.implied_tail(h, r)
    torch.testing.assert_close(scorer.implied_head(r, there), h)
    torch.testing.assert_close(there.norm(dim=1), h.norm(dim=1))


def test_turns_add_up(scorer):
    h, (first, second) = drawn(5, 6), drawn(2, 5, 3)
    twice = scorer.implied_tail(scorer.implied_tail(h, first), second)
    torch.testing.assert_close(scorer.implied_tail(h, first + second), twice)


def test_half_a_turn_is_symmetric(scorer):
    (h, t), r = drawn(2, 5, 6), torch.full((3,), math.pi, dtype=torch.float64)
    torch.testing.assert_close(scorer.score(h, r, t), scorer.score(t, r, h))


def test_angles_start_all_around_and_are_not_penalised(scorer):
    angles = scorer.start_relations(2000, torch.Generator().manual_seed(0))
    assert angles.shape == (2000, 3)
    assert angles.abs().max() <= math.pi
    assert angles.std().item() == pytest.approx(math.pi / math.sqrt(3), rel=0.05)
    assert not scorer.relation_moduli(angles).any()
    entities = drawn(4, 6)
    torch.testing.assert_close(scorer.moduli(entities), ComplEx(6).moduli(entities))


def test_bad_settings_are_refused():
    with pytest.raises(ConfigError, match=r"dim must be even for rotate.*Use 6"):
        RotatE(5)
    with pytest.raises(ChoiceError, match="Did you mean 'euclidean'"):
        RotatE(4, distance="euclid")
