import pytest
import torch

from lichen.alignment.procrustes import ProcrustesAligner, procrustes
from lichen.base.errors import DataError, ShapeError


def test_procrustes_is_a_rotation_and_undoes_one():
    draw = torch.Generator().manual_seed(1)
    turn = torch.linalg.qr(torch.randn(5, 5, generator=draw))[0]
    source = torch.randn(40, 5, generator=draw)
    found = procrustes(source, source @ turn)
    assert torch.allclose(found, turn, atol=1e-5)
    noisy = procrustes(source, torch.randn(40, 5, generator=draw))
    assert torch.allclose(noisy @ noisy.T, torch.eye(5), atol=1e-5)


@pytest.mark.parametrize(("wide", "narrow"), [(7, 3), (3, 7)])
def test_unequal_widths_give_orthonormal_rows_or_columns(wide, narrow):
    draw = torch.Generator().manual_seed(2)
    source = torch.randn(40, wide, generator=draw)
    found = procrustes(source, torch.randn(40, narrow, generator=draw))
    assert found.shape == (wide, narrow)
    square = found.T @ found if wide > narrow else found @ found.T
    assert torch.allclose(square, torch.eye(3), atol=1e-5)


def test_the_aligner_takes_an_offset_away():
    draw = torch.Generator().manual_seed(3)
    turn = torch.linalg.qr(torch.randn(5, 5, generator=draw))[0]
    source = torch.randn(40, 5, generator=draw) + 3
    aligner = ProcrustesAligner(5, 5).fit(source, source @ turn - 7)
    assert torch.allclose(aligner.source(source), aligner.target(source @ turn - 7), atol=1e-4)


@pytest.mark.parametrize(
    ("source", "target", "error", "words"),
    [
        (torch.zeros(3, 2), torch.zeros(4, 2), ShapeError, r"\(3, 2\) and \(4, 2\)"),
        (torch.zeros(0, 2), torch.zeros(0, 2), DataError, "at least one pair"),
        (torch.full((2, 2), torch.inf), torch.zeros(2, 2), DataError, "finite"),
    ],
)
def test_bad_pairs_are_refused(source, target, error, words):
    with pytest.raises(error, match=words):
        procrustes(source, target)
    with pytest.raises(error, match=words):
        ProcrustesAligner(2, 2).fit(source, target)
