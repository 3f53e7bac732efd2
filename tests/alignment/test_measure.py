import numpy as np
import pytest
import torch

from lichen.alignment.aligner import make_aligner
from lichen.alignment.measure import measure_alignment
from lichen.base.errors import DataError, ShapeError


def pairs():
    draw = torch.Generator().manual_seed(0)
    source = torch.randn(300, 6, generator=draw)
    return source, source @ torch.randn(6, 4, generator=draw)


def test_it_reports_held_out_recall_before_and_after():
    source, target = pairs()
    found = measure_alignment(make_aligner("linear", 6, 4), source, target, held_out=range(50))
    assert found.before[10] < 0.3
    assert found.after[1] > 0.95
    assert (found.num_pairs, found.num_queries, found.num_candidates) == (250, 50, 300)
    assert found.chance(10) == pytest.approx(10 / 300)
    assert "-> 1.000 (chance" in str(found)


def test_held_out_pairs_are_not_fitted():
    source, target = pairs()
    spoilt = target.clone()
    spoilt[:50] = 99.0
    aligner = make_aligner("linear", 6, 4)
    measure_alignment(aligner, source, spoilt, held_out=np.arange(50))
    assert torch.allclose(aligner.source(source)[60:], target[60:], atol=0.02)


@pytest.mark.parametrize("rows", [[], range(300), [300], [-1]])
def test_rows_to_hold_out_must_be_some_pairs(rows):
    with pytest.raises(DataError, match="held_out must name some of the 300 pairs"):
        measure_alignment(make_aligner("linear", 6, 4), *pairs(), held_out=rows)


def test_pairs_must_be_pairs():
    with pytest.raises(ShapeError, match="one length"):
        measure_alignment(
            make_aligner("linear", 6, 4), torch.ones(3, 6), torch.ones(2, 4), held_out=[0]
        )
