import pytest
import torch

from lichen.alignment.linear import LinearAligner, procrustes
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


def test_procrustes_is_a_rotation_and_undoes_one():
    draw = torch.Generator().manual_seed(1)
    turn = torch.linalg.qr(torch.randn(5, 5, generator=draw))[0]
    source = torch.randn(40, 5, generator=draw)
    found = procrustes(source, source @ turn)
    assert torch.allclose(found, turn, atol=1e-5)
    noisy = procrustes(source, torch.randn(40, 5, generator=draw))
    assert torch.allclose(noisy @ noisy.T, torch.eye(5), atol=1e-5)


@pytest.mark.parametrize(
    ("source", "target", "error", "words"),
    [
        (torch.zeros(3, 2), torch.zeros(4, 2), ShapeError, r"\(3, 2\) and \(4, 2\)"),
        (torch.zeros(0, 2), torch.zeros(0, 2), DataError, "at least one pair"),
        (torch.full((2, 2), torch.nan), torch.zeros(2, 2), DataError, "finite"),
    ],
)
def test_bad_pairs_are_refused(source, target, error, words):
    with pytest.raises(error, match=words):
        LinearAligner(2, 2).fit(source, target)
    with pytest.raises(error, match=words):
        procrustes(source, target)


def test_widths_must_fit():
    with pytest.raises(ShapeError, match=r"widths \(3, 2\)"):
        LinearAligner(3, 2).fit(torch.zeros(4, 2), torch.zeros(4, 2))
    with pytest.raises(ShapeError, match="one width"):
        procrustes(torch.ones(4, 3), torch.ones(4, 2))
