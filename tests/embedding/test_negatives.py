import numpy as np
import pytest
import torch

from lichen.embedding.negatives import Negatives

FACTS = np.array([[0, 0, 1], [0, 0, 2], [0, 0, 3]])


def test_samples_are_distinct_sorted_and_follow_the_degrees():
    negatives = Negatives(FACTS, 6, number=2, degree_power=1.0)
    stream = torch.Generator().manual_seed(0)
    counts, rounds = torch.zeros(6), 4000
    for _ in range(rounds):
        drawn = negatives.draw(stream)
        assert drawn.tolist() == sorted(set(drawn.tolist()))
        counts[drawn] += 1
    expected = torch.exp(-negatives.log_weight)
    torch.testing.assert_close(counts / rounds, expected, rtol=0.1, atol=0.02)
    chance = 4 / 12
    assert expected[0].item() == pytest.approx(1 - (1 - chance) ** 2, rel=1e-5)


def test_power_zero_draws_all_alike_and_one_entity_is_enough():
    even = Negatives(FACTS, 6, number=3, degree_power=0.0)
    assert even.log_weight.unique().numel() == 1
    alone = Negatives(np.array([[0, 0, 0]]), 1, number=5, degree_power=0.5)
    assert alone.draw(torch.Generator()).tolist() == [0]
    assert torch.isfinite(alone.log_weight).all()
