import torch

from lichen.fusion.head import HeadInput
from lichen.fusion.pooled import PooledHead


def seen():
    draw = torch.Generator().manual_seed(0)
    mention_of = torch.tensor([[-1, 0, 0, 1], [-1, -1, -1, -1]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]]).bool()
    linked = torch.tensor([[True, True, False], [False, False, False]])
    return HeadInput(torch.randn(2, 4, 8, generator=draw), mask, mention_of, linked)


def test_it_reads_the_text_its_mentions_and_the_first_two_alone():
    torch.manual_seed(0)
    head = PooledHead(8, 3, mentions=3, hidden=5).eval()
    given = seen()
    states = given.states[0]
    one, two = states[1:3].mean(0), states[3]
    parts = [states.mean(0), (one + two) / 2, one, two]
    told = [norm(part) for norm, part in zip(head.norms, parts, strict=True)]
    want = head.outer(torch.relu(head.inner(torch.cat(told))))
    logits, loss = head(given, None)
    assert torch.allclose(logits[0], want, atol=1e-5)
    assert loss == 0


def test_padding_changes_nothing_and_one_mention_is_enough():
    head = PooledHead(8, 3, mentions=3, hidden=5).eval()
    given = seen()
    dirty = torch.where(given.mask.unsqueeze(-1), given.states, 99.0)
    assert torch.allclose(head(given._replace(states=dirty), None)[0], head(given, None)[0])
    for mentions in (0, 1):
        small = PooledHead(8, 2, mentions=mentions, hidden=5)
        assert small(given, None)[0].shape == (2, 2)
