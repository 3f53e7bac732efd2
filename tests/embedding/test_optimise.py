import pytest
import torch
from torch import nn

from lichen.embedding.optimise import (
    RowAdagrad,
    RowAdam,
    load_rows_state,
    load_weights_state,
    make_optimiser,
    weights_state,
)

ROWS = torch.tensor([3, 0])


def gradients(steps=4):
    draw = torch.Generator().manual_seed(0)
    start = torch.randn(5, 3, generator=draw)
    return start, [torch.randn(2, 3, generator=draw) for _ in range(steps)]


def whole(gradient):
    return torch.zeros(5, 3).index_add_(0, ROWS, gradient)


def test_adagrad_equals_torch_on_the_whole_table_and_on_rows():
    start, given = gradients()
    ours = {name: nn.Parameter(start.clone()) for name in ("all", "rows")}
    theirs = nn.Parameter(start.clone())
    reference = torch.optim.Adagrad([theirs], lr=0.1)
    steps = {name: RowAdagrad(table, learning_rate=0.1) for name, table in ours.items()}
    for gradient in given:
        theirs.grad = whole(gradient)
        reference.step()
        steps["all"].step(whole(gradient))
        steps["rows"].step(gradient, rows=ROWS)
    torch.testing.assert_close(ours["all"], theirs)
    torch.testing.assert_close(ours["rows"], theirs)
    assert torch.equal(ours["rows"][1], start[1])


def test_adam_equals_torch_on_the_whole_table_and_lazily_on_rows():
    start, given = gradients()
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    dense = torch.optim.Adam([theirs], lr=0.1)
    step = RowAdam(ours, learning_rate=0.1)
    for gradient in given:
        theirs.grad = whole(gradient)
        dense.step()
        step.step(whole(gradient))
    torch.testing.assert_close(ours, theirs)

    lazy = nn.Parameter(start.clone())
    rows = RowAdam(lazy, learning_rate=0.1)
    for gradient in given:
        rows.step(gradient, rows=ROWS)
    torch.testing.assert_close(lazy[[0, 3]], theirs[[0, 3]])
    assert torch.equal(lazy[[1, 2, 4]], start[[1, 2, 4]])


def test_one_number_a_row_is_the_mean_square_of_its_gradient():
    table = nn.Parameter(torch.zeros(2, 2))
    step = RowAdagrad(table, learning_rate=0.1, per_row=True)
    step.step(torch.tensor([[3.0, 4.0]]), rows=torch.tensor([1]))
    assert step.squares.tolist() == [[0.0], [12.5]]
    expected = [[0.0, 0.0], [-0.3 / 12.5**0.5, -0.4 / 12.5**0.5]]
    torch.testing.assert_close(table.detach(), torch.tensor(expected))
    step.step(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    assert step.squares.tolist() == [[12.5], [12.5]]


@pytest.mark.parametrize("name", ["adagrad", "rowwise_adagrad", "adam"])
def test_state_carries_a_run_on(name):
    start, given = gradients(6)
    whole_run, first, second = (nn.Parameter(start.clone()) for _ in range(3))
    one = make_optimiser(name, whole_run, learning_rate=0.1)
    for gradient in given:
        one.step(gradient, rows=ROWS)
    before = make_optimiser(name, first, learning_rate=0.1)
    for gradient in given[:3]:
        before.step(gradient, rows=ROWS)
    with torch.no_grad():
        second.copy_(first)
    after = make_optimiser(name, second, learning_rate=0.1)
    load_rows_state(after, {k: x.clone() for k, x in before.state().items()})
    for gradient in given[3:]:
        after.step(gradient, rows=ROWS)
    assert torch.equal(second, whole_run)


def test_state_of_torch_optimisers_carries_on():
    weights = [nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(1))]
    one = torch.optim.Adam(weights, lr=0.1)
    sum((w.square().sum() for w in weights), torch.zeros(())).backward()
    one.step()
    copies = [nn.Parameter(w.detach().clone()) for w in weights]
    other = torch.optim.Adam(copies, lr=0.1)
    load_weights_state(other, copies, weights_state(one, weights))
    for optimiser, own in ((one, weights), (other, copies)):
        optimiser.zero_grad()
        sum((w.square().sum() for w in own), torch.zeros(())).backward()
        optimiser.step()
    assert all(torch.equal(a, b) for a, b in zip(weights, copies, strict=True))
