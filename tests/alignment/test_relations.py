import torch

from lichen.alignment.relations import RelationReader


def test_shares_sum_to_one_and_hiding_removes_the_mentions():
    torch.manual_seed(0)
    reader = RelationReader(8, 5).eval()
    outside, one, two = torch.randn(3, 4, 8)
    shares = reader(outside, one, two)
    assert torch.allclose(shares.exp().sum(-1), torch.ones(4), atol=1e-6)
    hide = torch.tensor([[True], [True], [False], [False]])
    hidden = reader(outside, one, two, hide=hide)
    other = reader(outside, torch.randn(4, 8), torch.randn(4, 8), hide=hide)
    assert torch.equal(hidden[:2], other[:2])
    assert torch.equal(hidden[2:], shares[2:])
    assert not torch.equal(hidden[2:], other[2:])


def test_it_learns_the_order_of_two_mentions():
    torch.manual_seed(0)
    reader = RelationReader(8, 2)
    a, b = torch.randn(2, 8)
    one = torch.stack([a, b]).repeat(8, 1)
    two = torch.stack([b, a]).repeat(8, 1)
    truth = torch.tensor([0, 1]).repeat(8)
    optimiser = torch.optim.Adam(reader.parameters(), lr=0.05)
    for _ in range(30):
        optimiser.zero_grad()
        loss = torch.nn.functional.nll_loss(reader(torch.zeros(16, 8), one, two), truth)
        loss.backward()
        optimiser.step()
    assert loss < 0.05
