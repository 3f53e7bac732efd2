import pytest
import torch

from lichen.base.errors import ConfigError
from lichen.embedding.transe import TransE


def test_golden_distances():
    h, r, t = (torch.tensor(x) for x in ([1.0, 2.0], [1.0, 1.0], [5.0, 6.0]))
    assert TransE(2, norm=1).score(h, r, t).item() == -6.0
    assert TransE(2, norm=2).score(h, r, t).item() == pytest.approx(-(18**0.5))
    assert TransE(2, norm=2, squared=True).score(h, r, t).item() == -18.0
    assert TransE(2).implied_tail(h, r).tolist() == [2.0, 3.0]
    assert TransE(2).implied_head(r, t).tolist() == [4.0, 5.0]


def test_a_perfect_translation_scores_highest():
    h, r = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, 0.5]])
    entities = torch.tensor([[1.0, 2.0], [1.5, 2.5], [9.0, 9.0]])
    for norm in (1, 2):
        scores = TransE(2, norm=norm).score_tails(h, r, entities)
        assert scores.argmax().item() == 1
        assert scores.max().item() == pytest.approx(0.0, abs=1e-3)


def test_other_norms_are_refused():
    with pytest.raises(ConfigError, match="norm must be 1 or 2; got 3"):
        TransE(2, norm=3)
    with pytest.raises(ConfigError, match="norm must be 2 for a squared distance; got 1"):
        TransE(2, squared=True)
