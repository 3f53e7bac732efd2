import pytest
import torch

from lichen.embedding import compare
from lichen.embedding.compare import (
    EDGE,
    Dot,
    Euclidean,
    HalfDot,
    Manhattan,
    Moduli,
    SquaredEuclidean,
    _half,
    all_with_all,
)

KINDS = [Dot(), HalfDot(), Euclidean(), SquaredEuclidean(), Manhattan(), Moduli()]


def drawn(*shape, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.fixture(params=KINDS, ids=lambda kind: type(kind).__name__)
def kind(request):
    return request.param


def near(kind, found, expected):
    """Equal up to the kind's precision: one rounding of each factor to bfloat16, or none."""
    slack = 2**-8 * expected.abs().max().item() if isinstance(kind, HalfDot) else None
    relative = 2**-8 if isinstance(kind, HalfDot) else None
    torch.testing.assert_close(found, expected, rtol=relative, atol=slack)


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
    monkeypatch.setattr(compare, "COLUMNS", block)
    queries, candidates, upstream = drawn(5, 6), drawn(11, 6).flip(1), drawn(5, 11)
    scores, by_query, by_candidate = slow(kind, queries, candidates, upstream)
    found = kind.scores(queries, candidates)
    near(kind, found, scores)
    into = torch.full_like(candidates, 2.0)
    toward = kind.pull(queries, candidates, found, upstream.clone(), into)
    near(kind, toward, by_query)
    near(kind, into, by_candidate + 2.0)


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
    near(kind, found, scores)
    gradient = torch.zeros_like(table)
    toward = kind.pull(queries, whole, found, upstream.clone(), gradient[:, 3:7])
    near(kind, toward, by_query)
    near(kind, gradient[:, 3:7], by_candidate)
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
    allowed = 2**-8 if isinstance(kind, HalfDot) else 3e-6
    assert (found - expected).abs().max() < allowed * expected.abs().max()


def test_half_precision_rounds_each_factor_and_each_sum_once():
    queries, candidates = drawn(32, 2000, dtype=torch.float32), drawn(50, 2000).float().flip(1)
    found = HalfDot().scores(queries, candidates)
    rounded = queries.bfloat16().double(), candidates.bfloat16().double()
    assert_rounded_once(found, rounded[0] @ rounded[1].T)
    assert (found - queries @ candidates.T).abs().max() > 0.1
    upstream = drawn(32, 50, dtype=torch.float32)
    into = torch.zeros_like(candidates)
    toward = HalfDot().pull(queries, candidates, found, upstream, into)
    pushed = upstream.bfloat16().double()
    assert_rounded_once(toward, pushed @ rounded[1])
    assert_rounded_once(into, pushed.T @ rounded[0])


def test_sizes_of_half_products_are_few_since_each_stays_in_memory_as_code():
    found = {tuple(_half(torch.ones(n, 5), columns=True).shape) for n in range(1, EDGE + 1)}
    assert found == {(EDGE, EDGE)}
    padded = _half(torch.ones(EDGE + 1, 5))
    assert padded.shape == (2 * EDGE, 5)
    assert padded.dtype == torch.bfloat16
    assert padded.sum() == 5 * (EDGE + 1)


def assert_rounded_once(found, exact):
    """Float32 that is as far from the exact sum as one rounding to bfloat16 goes."""
    assert found.dtype == torch.float32
    assert ((found - exact).abs() <= 2**-8 * exact.abs() + 1e-6 * exact.abs().max()).all()


def test_half_precision_adds_to_what_is_there_in_float32():
    into = torch.full((5, 4), 1000.0)  # where bfloat16's step is 4
    one = torch.ones(3, 4)
    HalfDot().pull(one, torch.ones(5, 4), torch.ones(3, 5), torch.full((3, 5), 0.25), into)
    assert torch.equal(into, torch.full((5, 4), 1000.75))


def test_nothing_to_compare(kind):
    none, some = torch.zeros(0, 4), drawn(3, 4, dtype=torch.float32)
    assert kind.scores(none, some).shape == (0, 3)
    assert kind.scores(some, none).shape == (3, 0)
    into = torch.zeros_like(some)
    assert kind.pull(none, some, torch.zeros(0, 3), torch.zeros(0, 3), into).shape == (0, 4)
    assert not into.any()


def test_all_with_all_is_differentiable(kind):
    queries, candidates, upstream = drawn(3, 4), drawn(5, 4).flip(1), drawn(3, 5)
    leaves = [x.float().requires_grad_() for x in (queries, candidates)]
    found = all_with_all(kind, *leaves)
    (found * upstream.float()).sum().backward()
    told = (found.detach(), *(leaf.grad for leaf in leaves))
    for value, expected in zip(told, slow(kind, queries, candidates, upstream), strict=True):
        near(kind, value, expected.float())
