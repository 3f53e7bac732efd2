import pytest
import torch

from lichen.alignment.linear import LinearAligner
from lichen.base.errors import DataError, ShapeError


def test_ridge_finds_the_map_that_made_the_pairs():
    draw = torch.Generator().manual_seed(0)
    source = torch.randn(200, 6, generator=draw)
    true, offset = torch.randn(6, 4, generator=draw), torch.randn(4, generator=draw)
    aligner = LinearAligner(6, 4).fit(source, source @ true + offset, ridge=1e-9)
    new = torch.randn(10, 6, generator=draw)
    assert torch.allclose(aligner(new), new @ true + offset, atol=1e-4)


def test_ridge_shrinks_where_pairs_are_few():
    draw = torch.Generator().manual_seed(0)
    source, target = torch.randn(4, 6, generator=draw), torch.randn(4, 3, generator=draw)
    loose = LinearAligner(6, 3).fit(source, target, ridge=1e-6)
    tight = LinearAligner(6, 3).fit(source, target, ridge=10.0)
    assert tight.map.weight.norm() < 0.5 * loose.map.weight.norm()


def test_the_target_space_stays_as_it_is():
    vectors = torch.randn(3, 4)
    assert torch.equal(LinearAligner(6, 4).target(vectors), vectors)


@pytest.mark.parametrize(
    ("source", "target", "error", "words"),
    [
        (torch.zeros(3, 2), torch.zeros(4, 2), ShapeError, r"\(3, 2\) and \(4, 2\)"),
        (torch.zeros(0, 2), torch.zeros(0, 2), DataError, "at least one pair"),
        (torch.full((2, 2), torch.nan), torch.zeros(2, 2), DataError, "finite"),
        (torch.zeros(4, 2), torch.zeros(4, 3), ShapeError, r"widths \(2, 2\)"),
    ],
)
def test_bad_pairs_are_refused(source, target, error, words):
    with pytest.raises(error, match=words):
        LinearAligner(2, 2).fit(source, target)
