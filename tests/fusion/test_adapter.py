import torch

from lichen.fusion.adapter import AdapterFusion


def test_it_starts_as_addition_and_then_reads_the_words_around(by_token):
    torch.manual_seed(0)
    adapter = AdapterFusion(6, 4).eval()
    x, e = torch.randn(1, 3, 6), torch.randn(1, 3, 4)
    known = by_token(e, torch.tensor([[True, False, False]]))
    assert torch.allclose(adapter.read_in(x, known)[0, 0], x[0, 0] + adapter.write(e[0, 0]))
    torch.nn.init.normal_(adapter.up.weight)
    before = adapter.read_in(x, known)[0, 0]
    other = x.clone()
    other[0, 2] += 1.0
    assert not torch.allclose(adapter.read_in(other, known)[0, 0], before)
    hidden = known._replace(mask=torch.tensor([[True, True, False]]))
    assert torch.allclose(
        adapter.read_in(other, hidden)[0, 0], adapter.read_in(x, hidden)[0, 0], atol=1e-6
    )
