import pytest
import torch
from torch.nn.functional import cross_entropy

from lichen.alignment.contrastive import ContrastiveAligner
from lichen.alignment.shared import SharedAligner
from lichen.base.errors import ConfigError
from lichen.evaluation.retrieval import partner_ranks


def bent(count, seed=0):
    """A target that is no linear function of the source."""
    source = torch.randn(count, 6, generator=torch.Generator().manual_seed(seed))
    return source, torch.cat([source[:, :3].abs(), source[:, 3:].square()], 1)


def test_it_finds_more_than_its_linear_start_where_the_map_is_not_linear():
    settings = {"epochs": 40, "hidden": 64, "batch_size": 128, "learning_rate": 3e-3}
    learned = ContrastiveAligner(6, 6, **settings).fit(*bent(2000))
    linear = SharedAligner(6, 6).fit(*bent(2000))
    source, target = bent(200, seed=1)
    ranks = {}
    for name, aligner in (("learned", learned), ("linear", linear)):
        with torch.no_grad():
            ranks[name] = partner_ranks(aligner.source(source), aligner.target(target)).mean()
    assert ranks["learned"] < 0.9 * ranks["linear"]


def test_without_epochs_it_is_its_start():
    source, target = bent(300)
    aligner = ContrastiveAligner(6, 6, epochs=0).fit(source, target)
    assert torch.allclose(aligner.source(source).norm(dim=-1), torch.ones(300), atol=1e-5)


def test_the_loss_is_infonce_both_ways_with_the_learned_temperature():
    source, target = bent(16)
    aligner = ContrastiveAligner(6, 6, epochs=0).fit(source, target)
    scores = aligner.log_scale.exp() * aligner.source(source) @ aligner.target(target).T
    slow = 0.0
    for i in range(16):
        slow += cross_entropy(scores[i], torch.tensor(i)) / 32
        slow += cross_entropy(scores[:, i], torch.tensor(i)) / 32
    assert torch.allclose(aligner._loss(source, target), slow, atol=1e-5)
    before = aligner.log_scale.item()
    aligner.epochs = 2
    assert aligner.fit(source, target).log_scale.item() != before


def test_few_pairs_do():
    aligner = ContrastiveAligner(3, 2, epochs=1).fit(torch.eye(3), torch.ones(3, 2))
    assert torch.isfinite(aligner.source(torch.eye(3))).all()


def test_settings_are_checked():
    with pytest.raises(ConfigError, match=r"aligner\.batch_size"):
        ContrastiveAligner(4, 3, batch_size=1)
