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


def test_what_encoders_give_is_taken_as_it_comes():
    """An array of texts, a table that learns; the aligner that comes out moves neither."""
    source, target = pairs()
    want = measure_alignment(make_aligner("linear", 6, 4), source, target, held_out=range(50))
    table = target.clone().requires_grad_()
    for texts in (source.numpy(), source.double().numpy(), source.numpy().tolist()):
        aligner = make_aligner("linear", 6, 4)
        assert measure_alignment(aligner, texts, table, held_out=range(50)) == want
        assert aligner.fit(texts, table).source(texts).shape == (300, 4)
    assert table.grad is None


def test_a_mask_holds_out_the_rows_where_it_is_true():
    source, target = pairs()
    spoilt = target.clone()
    spoilt[100:150] = 99.0
    rows, mask = range(100, 150), np.isin(np.arange(300), range(100, 150))
    found = [
        measure_alignment(make_aligner("linear", 6, 4), source, spoilt, held_out=held_out)
        for held_out in (rows, mask, torch.from_numpy(mask), mask.tolist())
    ]
    assert found[0].num_queries == 50
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize(
    "rows", [[0.5, 1.5], [1.0], ["a"], np.arange(299) < 4, np.ones((300, 1), dtype=bool)]
)
def test_rows_that_are_neither_whole_numbers_nor_a_mask_are_refused(rows):
    with pytest.raises(DataError, match="held_out must be whole numbers of rows, or 300 truth"):
        measure_alignment(make_aligner("linear", 6, 4), *pairs(), held_out=rows)
