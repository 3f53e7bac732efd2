import math

import pytest
import torch

from lichen.embedding.complex import ComplEx
from lichen.embedding.loss import against_all, against_sample, n3

NONE = (torch.empty(0, dtype=torch.long), torch.empty(0, dtype=torch.long))


def test_against_all_equals_the_formula():
    total = sum(math.exp(x) for x in (1.0, 2.0, 0.5))
    only = (torch.tensor([0]), torch.tensor([1]))
    found = against_all(torch.tensor([[1.0, 2.0, 0.5]]), torch.tensor([1]), known=only)
    assert found.item() == pytest.approx(-2.0 + math.log(total))


def test_other_known_answers_do_not_compete():
    known = (torch.tensor([0, 0]), torch.tensor([1, 2]))
    found = against_all(torch.tensor([[1.0, 2.0, 0.5]]), torch.tensor([1]), known=known)
    assert found.item() == pytest.approx(-2.0 + math.log(math.exp(1.0) + math.exp(2.0)))


def test_gradient_of_a_hidden_score_is_zero():
    leaf = torch.tensor([[1.0, 2.0, 0.5]], requires_grad=True)
    known = (torch.tensor([0, 0]), torch.tensor([1, 2]))
    against_all(leaf * 1.0, torch.tensor([1]), known=known).backward()
    share = math.exp(1.0) / (math.exp(1.0) + math.exp(2.0))
    assert leaf.grad[0].tolist() == pytest.approx([share, -share, 0.0])


def test_sample_of_every_entity_gives_the_loss_against_all():
    scores = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    truth = torch.tensor([0, 5, 2, 2])
    known = (torch.tensor([0, 1, 2, 3, 0]), torch.tensor([0, 5, 2, 2, 4]))
    found = against_sample(
        scores[torch.arange(4), truth], scores.clone(), known=known, log_weight=torch.zeros(6)
    )
    expected = against_all(scores.clone(), truth, known=known)
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)


def test_small_samples_estimate_the_loss_against_all():
    draw = torch.Generator().manual_seed(0)
    scores, truth = torch.randn(1, 500, generator=draw), torch.tensor([3])
    chance = torch.rand(500, generator=draw) + 0.1
    chance = chance / chance.sum()
    log_weight = -torch.log(1 - (1 - chance) ** 100)
    found = []
    for _ in range(300):
        sample = torch.multinomial(chance, 100, replacement=True, generator=draw).unique()
        sample = sample[sample != 3]
        loss = against_sample(
            scores[:, 3], scores[:, sample].clone(), known=NONE, log_weight=log_weight[sample]
        )
        found.append(loss.item())
    only = (torch.tensor([0]), truth)
    expected = against_all(scores.clone(), truth, known=only).item()
    assert sum(found) / len(found) == pytest.approx(expected, abs=0.05)


def test_n3_is_the_sum_of_cubed_moduli_per_fact():
    vectors = torch.tensor([[3.0, 0.0, 4.0, 0.0], [0.0, 0.0, 0.0, 2.0]])
    assert n3(ComplEx(), vectors, vectors).item() == pytest.approx(2 * (125 + 8) / 2, rel=1e-5)
