import torch

from lichen.fusion.head import HeadInput
from lichen.fusion.matched import SHARP, MatchedHead
from lichen.fusion.pooled import PooledHead


def texts(count, *, mentions, seed=0):
    """Return random states; of each text the tokens 1 to 2 are mention 0, token 3 is mention 1."""
    draw = torch.Generator().manual_seed(seed)
    states = torch.randn(count, 5, 8, generator=draw)
    owner = torch.tensor([-1, 0, 0, 1, -1]).expand(count, 5)
    linked = torch.ones((count, mentions), dtype=torch.bool)
    return HeadInput(states, torch.ones((count, 5), dtype=torch.bool), owner, linked)


def test_it_starts_as_the_pooled_head_and_adds_weighed_cosines():
    head = MatchedHead(8, 3, mentions=2, hidden=5)
    given = texts(6, mentions=2)
    head(given, None)  # the norm has seen a batch
    head.eval()
    assert torch.equal(head(given, None)[0], PooledHead.forward(head, given, None)[0])
    torch.nn.init.normal_(head.vote.weight)
    states = given.states[0]
    one, two = states[1:3].mean(0), states[3]
    parts = [states.mean(0), (one + two) / 2, one, two]
    norm = head.likeness_norm
    added = torch.zeros(3)
    for place, (i, j) in enumerate(((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))):
        cosine = parts[i] @ parts[j] / parts[i].norm() / parts[j].norm()
        normed = (cosine - norm.running_mean[place]) / (norm.running_var[place] + norm.eps) ** 0.5
        added = added + SHARP * normed * head.vote.weight[:, place]
    plain = PooledHead.forward(head, given, None)[0][0]
    assert torch.allclose(head(given, None)[0][0], plain + added, atol=1e-4)


def test_it_learns_from_few_texts_which_fit_where_the_pooled_head_does_not():
    def alike(count, seed):
        given = texts(count, mentions=2, seed=seed)
        label = torch.arange(count) % 2
        near = given.states[:, 1:3].mean(1) + 0.3 * given.states[:, 3]
        given.states[:, 3] = torch.where(label.bool().unsqueeze(1), near, given.states[:, 3])
        return given, label

    right = {}
    for kind in (PooledHead, MatchedHead):
        torch.manual_seed(0)
        head = kind(8, 2, mentions=2, hidden=16)
        optimiser = torch.optim.AdamW(head.parameters(), lr=3e-3)
        given, label = alike(60, 1)
        for _ in range(60):
            loss = torch.nn.functional.cross_entropy(head(given, None)[0], label)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        given, label = alike(400, 2)
        right[kind] = (head.eval()(given, None)[0].argmax(1) == label).float().mean().item()
    assert right[MatchedHead] > 0.85
    assert right[MatchedHead] > right[PooledHead] + 0.1


def test_few_mentions_and_one_text_are_enough():
    for mentions in (0, 1):
        head = MatchedHead(8, 2, mentions=mentions, hidden=5)
        given = texts(1, mentions=mentions)._replace(mention_of=torch.full((1, 5), -1))
        logits, loss = head(given, None)
        assert logits.shape == (1, 2)
        assert torch.isfinite(logits).all()
        assert loss == 0
