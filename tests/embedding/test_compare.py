import pytest
import torch

from lichen.embedding import compare
from lichen.embedding.compare import (
    Dot,
    Euclidean,
    Manhattan,
    Moduli,
    SquaredEuclidean,
    all_with_all,
)

KINDS = [Dot(), Euclidean(), SquaredEuclidean(), Manhattan(), Moduli()]


def drawn(*shape, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.fixture(params=KINDS, ids=lambda kind: type(kind).__name__)
def kind(request):
    return request.param


def slow(kind, queries, candidates, upstream):
    """Scores and gradients by autograd over one-by-one comparisons."""
    q, c = queries.clone().requires_grad_(), candidates.clone().requires_grad_()
    scores = kind.pairs(q[:, None], c)
    (scores * upstream).sum().backward()
    return scores.detach(), q.grad, c.grad


def test_golden_comparisons():
    q, c = torch.tensor([1.0, 1.0, 0.0, 0.0]), torch.tensor([4.0, 1.0, 4.0, 2.0])
    assert Dot().pairs(q, c).item() == 5.0
    assert Euclidean().pairs(q, c).item() == pytest.approx(-(29**0.5))
    assert SquaredEuclidean().pairs(q, c).item() == -29.0
    assert Manhattan().pairs(q, c).item() == -9.0
    assert Moduli().pairs(q, c).item() == pytest.approx(-7.0)


@pytest.mark.parametrize("block", [1, 7, 40, 131_072])
def test_blocks_change_nothing(kind, block, monkeypatch):
    monkeypatch.setattr(compare, "BLOCK", block)
    monkeypatch.setattr(compare, "BLOCK_WIDTH", 3)
    queries, candidates, upstream = drawn(5, 6), drawn(11, 6).flip(1), drawn(5, 11)
    scores, by_query, by_candidate = slow(kind, queries, candidates, upstream)
    found = kind.scores(queries, candidates)
    torch.testing.assert_close(found, scores)
    into = torch.full_like(candidates, 2.0)
    toward = kind.pull(queries, candidates, found, upstream.clone(), into)
    torch.testing.assert_close(toward, by_query)
    torch.testing.assert_close(into, by_candidate + 2.0)


def test_writes_where_it_is_told(kind):
    queries, candidates = drawn(3, 4), drawn(5, 4).flip(1)
    memory = torch.full((3, 5), float("nan"), dtype=torch.float64)
    found = kind.scores(queries, candidates, out=memory)
    assert found.data_ptr() == memory.data_ptr()
    torch.testing.assert_close(memory, kind.scores(queries, candidates))


def test_takes_views_of_a_wider_table(kind):
    table, queries, upstream = drawn(6, 10), drawn(3, 4), drawn(3, 6)
    whole = table[:, 3:7]
    scores, by_query, by_candidate = slow(kind, queries, whole, upstream)
    found = kind.scores(queries, whole)
    torch.testing.assert_close(found, scores)
    gradient = torch.zeros_like(table)
    toward = kind.pull(queries, whole, found, upstream.clone(), gradient[:, 3:7])
    torch.testing.assert_close(toward, by_query)
    torch.testing.assert_close(gradient[:, 3:7], by_candidate)
    assert not gradient[:, :3].any()


def test_equal_ends_have_a_finite_gradient_and_the_highest_score(kind):
    same = drawn(4, 6, dtype=torch.float32)
    scores = kind.scores(same, same)
    if not kind.is_dot:
        assert (scores <= 0).all()
        assert torch.equal(scores.argmax(1), torch.arange(4))
    into = torch.zeros_like(same)
    toward = kind.pull(same, same, scores, torch.ones(4, 4), into)
    assert torch.isfinite(toward).all()
    assert torch.isfinite(into).all()


def test_single_precision_is_as_exact_as_a_sum_allows(kind):
    queries, candidates = drawn(64, 200, dtype=torch.float32), drawn(300, 200).flip(1)
    expected = kind.scores(queries.double(), candidates)
    found = kind.scores(queries, candidates.float())
    assert (found - expected).abs().max() < 3e-6 * expected.abs().max()


def test_nothing_to_compare(kind):
    none, some = torch.zeros(0, 4), drawn(3, 4, dtype=torch.float32)
    assert kind.scores(none, some).shape == (0, 3)
    assert kind.scores(some, none).shape == (3, 0)
    into = torch.zeros_like(some)
    assert kind.pull(none, some, torch.zeros(0, 3), torch.zeros(0, 3), into).shape == (0, 4)
    assert not into.any()


def test_all_with_all_is_differentiable(kind):
    leaves = (drawn(3, 4).requires_grad_(), drawn(5, 4).flip(1).requires_grad_())
    assert torch.autograd.gradcheck(lambda q, c: all_with_all(kind, q, c), leaves)
