import torch
from torch import nn

from lichen.embedding.adagrad import RowAdagrad


def test_equals_torch_on_the_whole_table_and_on_rows():
    draw = torch.Generator().manual_seed(0)
    start = torch.randn(5, 3, generator=draw)
    ours = {"all": nn.Parameter(start.clone()), "rows": nn.Parameter(start.clone())}
    theirs = nn.Parameter(start.clone())
    reference = torch.optim.Adagrad([theirs], lr=0.1)
    steps = {name: RowAdagrad(table, learning_rate=0.1) for name, table in ours.items()}
    rows = torch.tensor([3, 0, 3])
    for _ in range(4):
        gradient = torch.randn(3, 3, generator=draw)
        full = torch.zeros(5, 3).index_add_(0, rows, gradient)
        theirs.grad = full.clone()
        reference.step()
        steps["all"].step(full)
        steps["rows"].step(gradient, rows=rows)
    torch.testing.assert_close(ours["all"], theirs)
    torch.testing.assert_close(ours["rows"], theirs)
    assert torch.equal(ours["rows"][1], start[1])
