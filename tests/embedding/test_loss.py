import math

import pytest
import torch

from lichen.embedding.complex import ComplEx
from lichen.embedding.loss import against_all, against_sample, n3


def test_against_all_equals_the_formula():
    scores = torch.tensor([[1.0, 2.0, 0.5]])
    total = sum(math.exp(x) for x in (1.0, 2.0, 0.5))
    assert against_all(scores, torch.tensor([1])).item() == pytest.approx(-2.0 + math.log(total))


def test_sample_of_every_entity_gives_the_loss_against_all():
    scores = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    truth = torch.tensor([0, 5, 2, 2])
    true = scores[torch.arange(4), truth]
    own = (torch.arange(4), truth)
    found = against_sample(true, scores.clone(), own=own, num_entities=6)
    assert found.item() == pytest.approx(against_all(scores, truth).item(), rel=1e-6)


def test_small_samples_estimate_the_loss_against_all():
    draw = torch.Generator().manual_seed(0)
    scores, truth = torch.randn(1, 500, generator=draw), torch.tensor([3])
    none = torch.empty(0, dtype=torch.long)
    found = [
        against_sample(
            scores[:, 3],
            scores[:, torch.randint(500, (100,), generator=draw)].clone(),
            own=(none, none),
            num_entities=500,
        ).item()
        for _ in range(300)
    ]
    assert sum(found) / len(found) == pytest.approx(against_all(scores, truth).item(), abs=0.05)


def test_n3_is_the_sum_of_cubed_moduli_per_fact():
    vectors = torch.tensor([[3.0, 0.0, 4.0, 0.0], [0.0, 0.0, 0.0, 2.0]])
    assert n3(ComplEx(), vectors, vectors).item() == pytest.approx(2 * (125 + 8) / 2, rel=1e-5)
