import pytest
import torch

from lichen.alignment.shared import SharedAligner
from lichen.base.errors import ConfigError


def correlated(count=4000):
    """Two sides that share one hidden number and have noise of their own, much larger."""
    draw = torch.Generator().manual_seed(0)
    hidden = torch.randn(count, 1, generator=draw)
    own = 10 * torch.randn(count, 3, generator=draw), 10 * torch.randn(count, 2, generator=draw)
    return torch.cat([own[0], hidden], 1), torch.cat([hidden, own[1]], 1)


def test_the_shared_direction_comes_first():
    source, target = correlated()
    aligner = SharedAligner(4, 3, ridge=1e-6).fit(source, target)
    x, y = aligner.source(source)[:, 0], aligner.target(target)[:, 0]
    assert torch.corrcoef(torch.stack([x, y]))[0, 1] > 0.999
    assert torch.corrcoef(torch.stack([x, source[:, 3]]))[0, 1].abs() > 0.999


def test_power_zero_weighs_all_alike_and_more_power_favours_what_is_shared():
    source, target = correlated()
    even = SharedAligner(4, 3, ridge=1e-6, power=0.0).fit(source, target).source(source)
    assert torch.allclose(even.std(0), torch.ones(3), atol=0.01)
    uneven = SharedAligner(4, 3, ridge=1e-6, power=1.0).fit(source, target).source(source)
    assert uneven.std(0)[1] < 0.1


def test_the_common_space_is_no_wider_than_asked():
    assert SharedAligner(8, 6, dim=2).fit(torch.randn(9, 8), torch.randn(9, 6)).source(
        torch.randn(1, 8)
    ).shape == (1, 2)


def test_settings_are_checked():
    with pytest.raises(ConfigError, match=r"aligner\.ridge"):
        SharedAligner(4, 3, ridge=-1.0)
