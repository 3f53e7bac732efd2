import math

import pytest
import torch
from torch import nn

from lichen.embedding.compare import Dot, Euclidean
from lichen.embedding.loss import (
    Answers,
    against_all,
    binary_loss,
    margin_loss,
    n3,
    sampled_softmax,
    self_adversarial_loss,
    softmax_loss,
)

HIDDEN = -1e30


def answers(pairs, weights=None):
    rows, columns = (torch.tensor(x) for x in zip(*pairs, strict=True))
    given = torch.ones(len(rows)) if weights is None else torch.tensor(weights)
    return Answers(rows, columns, given.double())


def scores(rows=3, columns=6, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(rows, columns, generator=draw, dtype=torch.float64)


SOME = answers([(0, 1), (0, 4), (1, 0), (2, 5)], weights=[1.0, 2.0, 0.5, 1.0])


def slow_softmax(leaf, given, *, hide_known):
    total = leaf.new_zeros(())
    for row, column, weight in zip(*given, strict=True):
        competing = torch.ones(leaf.shape[1], dtype=torch.bool)
        if hide_known:
            competing[given.columns[given.rows == row]] = False
            competing[column] = True
        total = total + weight * (leaf[row][competing].logsumexp(0) - leaf[row, column])
    return total


@pytest.mark.parametrize("hide_known", [False, True])
def test_softmax_equals_the_slow_formula_and_its_gradient(hide_known):
    leaf = scores().requires_grad_()
    expected = slow_softmax(leaf, SOME, hide_known=hide_known)
    expected.backward()
    block = scores()
    found = softmax_loss(block, SOME, hide_known=hide_known)
    assert found.item() == pytest.approx(expected.item())
    torch.testing.assert_close(block, leaf.grad)


def test_in_a_pool_each_candidate_stands_for_some_where_it_is_no_answer():
    stands_for = torch.tensor([0.0, 0.7, -math.inf, 1.1, -math.inf, 0.3], dtype=torch.float64)
    leaf = scores().requires_grad_()
    added = stands_for.expand(3, -1).clone()
    added[SOME.rows, SOME.columns] = 0.0
    expected = slow_softmax(leaf + added, SOME, hide_known=False)
    expected.backward()
    block = scores()
    found = softmax_loss(block, SOME, hide_known=False, stands_for=stands_for)
    assert found.item() == pytest.approx(expected.item())
    torch.testing.assert_close(block, leaf.grad)


def test_softmax_of_a_query_that_everything_answers_is_no_loss_when_known_are_hidden():
    block = scores(1, 2)
    found = softmax_loss(block, answers([(0, 0), (0, 1)]), hide_known=True)
    assert found.item() == pytest.approx(0.0, abs=1e-9)
    assert block.abs().max().item() == pytest.approx(0.0, abs=1e-9)


def test_binary_equals_torch():
    leaf, target = scores().requires_grad_(), torch.zeros(3, 6, dtype=torch.float64)
    target[SOME.rows, SOME.columns] = 1.0
    expected = nn.functional.binary_cross_entropy_with_logits(leaf, target, reduction="sum") / 7
    expected.backward()
    block = scores()
    assert binary_loss(block, SOME, scale=1 / 7).item() == pytest.approx(expected.item())
    torch.testing.assert_close(block, leaf.grad)


def check_sampled(found_of, slow):
    true, sampled = scores(1, 4, seed=1)[0], scores(4, 5, seed=2)
    sampled[2, 3] = HIDDEN
    leaves = [true.clone().requires_grad_(), sampled.clone().requires_grad_()]
    expected = slow(*leaves)
    expected.backward()
    block = sampled.clone()
    found = found_of(true, block)
    assert found.loss.item() == pytest.approx(expected.item())
    torch.testing.assert_close(found.true, leaves[0].grad)
    torch.testing.assert_close(block, leaves[1].grad)


def test_sampled_softmax_equals_the_formula():
    check_sampled(
        sampled_softmax,
        lambda true, sampled: (torch.cat([true[:, None], sampled], 1).logsumexp(1) - true).sum(),
    )


def test_margin_equals_the_formula():
    check_sampled(
        lambda true, sampled: margin_loss(true, sampled, margin=0.7),
        lambda true, sampled: (sampled - true[:, None] + 0.7).relu().mean(1).sum(),
    )


@pytest.mark.parametrize("temperature", [0.0, 1.0, 2.5])
def test_self_adversarial_equals_the_formula(temperature):
    def slow(true, sampled):
        weight = (sampled.detach() * temperature).softmax(1)
        wrong = (weight * nn.functional.logsigmoid(-sampled - 3.0)).sum()
        return -(nn.functional.logsigmoid(true + 3.0).sum() + wrong) / 2

    check_sampled(
        lambda true, sampled: self_adversarial_loss(
            true, sampled, margin=3.0, temperature=temperature
        ),
        slow,
    )


def test_a_row_whose_every_sample_is_hidden_costs_nothing():
    block = torch.full((1, 3), HIDDEN)
    found = sampled_softmax(torch.zeros(1), block)
    assert found.loss.item() == 0.0
    assert found.true.item() == 0.0
    assert block.abs().max().item() == 0.0


def test_small_samples_estimate_the_loss_against_all():
    draw = torch.Generator().manual_seed(0)
    every = torch.randn(1, 500, generator=draw)
    chance = torch.rand(500, generator=draw) + 0.1
    chance = chance / chance.sum()
    log_weight = -torch.log(1 - (1 - chance) ** 100)
    found = []
    for _ in range(300):
        sample = torch.multinomial(chance, 100, replacement=True, generator=draw).unique()
        sample = sample[sample != 3]
        found.append(
            sampled_softmax(every[:, 3], every[:, sample] + log_weight[sample]).loss.item()
        )
    expected = (every.logsumexp(1) - every[:, 3]).item()
    assert sum(found) / len(found) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("comparison", [Dot(), Euclidean()], ids=str)
def test_against_all_in_chunks_equals_autograd_on_the_whole(comparison, monkeypatch):
    queries, candidates = scores(3, 4, seed=3), scores(6, 4, seed=4)
    leaves = [queries.clone().requires_grad_(), candidates.clone().requires_grad_()]
    expected = slow_softmax(comparison.pairs(leaves[0][:, None], leaves[1]), SOME, hide_known=False)
    expected.backward()
    for chunk in (6, 13, 1000):
        monkeypatch.setattr("lichen.embedding.loss.CHUNK_SCORES", chunk)
        into = torch.ones_like(candidates)
        loss, toward = against_all(
            comparison,
            queries,
            candidates,
            SOME,
            loss=lambda block, given: softmax_loss(block, given, hide_known=False),
            into=into,
        )
        assert loss.item() == pytest.approx(expected.item())
        torch.testing.assert_close(toward, leaves[0].grad)
        torch.testing.assert_close(into - 1, leaves[1].grad)


def test_n3_is_the_weighed_sum_of_cubes():
    assert n3(torch.tensor([[3.0, 1.0], [2.0, 0.0]]), torch.tensor([1.0, 0.5])).item() == 32.0


def test_answers_of_part_of_the_queries_count_from_its_first():
    part = SOME.between(1, 3)
    assert part.rows.tolist() == [0, 1]
    assert part.columns.tolist() == [0, 5]
    assert math.isclose(float(part.weights.sum()), 1.5)
