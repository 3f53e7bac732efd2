import pytest
import torch

from lichen.alignment import matching
from lichen.alignment.matching import hubness, nearest_candidates, one_to_one, sinkhorn
from lichen.base.errors import DataError, ShapeError


def sides(rows=30, columns=40):
    draw = torch.Generator().manual_seed(0)
    return torch.randn(rows, 6, generator=draw), torch.randn(columns, 6, generator=draw)


@pytest.mark.parametrize("block", [7, 1024])
def test_the_nearest_are_those_of_the_whole_table(block, monkeypatch):
    monkeypatch.setattr(matching, "BLOCK", block)
    left, right = sides()
    values, columns = nearest_candidates(left, right, k=5)
    whole = (left @ right.T).topk(5, dim=1)
    assert torch.equal(columns, whole.indices)
    assert torch.allclose(values, whole.values)
    assert nearest_candidates(left, right, k=99)[0].shape == (30, 40)


def test_hubness_is_the_mean_similarity_to_the_nearest():
    left, right = sides()
    slow = [sorted((row @ right.T).tolist())[-3:] for row in left]
    assert torch.allclose(hubness(left, right, k=3), torch.tensor(slow).mean(1), atol=1e-5)


def test_sinkhorn_makes_both_sides_sum_to_one():
    left, right = sides(20, 20)
    values, columns = nearest_candidates(left, right, k=20)
    shares = sinkhorn(values, columns, num_columns=20, temperature=2.0, rounds=200)
    table = torch.zeros(20, 20).scatter_(1, columns, shares)
    assert torch.allclose(table.sum(0), torch.ones(20), atol=1e-3)
    assert torch.allclose(table.sum(1), torch.ones(20), atol=1e-3)


def test_sinkhorn_gives_way_where_two_want_one():
    similarities = torch.tensor([[0.9, 0.8], [0.9, 0.1]])
    columns = torch.tensor([[0, 1], [0, 1]])
    shares = sinkhorn(similarities, columns, num_columns=2)
    assert shares.argmax(1).tolist() == [1, 0]


def slow_greedy(scores, columns):
    entries = sorted(
        (-scores[i, j].item(), i, columns[i, j].item())
        for i in range(scores.shape[0])
        for j in range(scores.shape[1])
    )
    match, taken = {}, set()
    for _, row, column in entries:
        if row not in match and column not in taken:
            match[row] = column
            taken.add(column)
    return [match.get(row, -1) for row in range(len(scores))]


def test_one_to_one_takes_the_best_scores_first():
    left, right = sides()
    scores, columns = nearest_candidates(left, right, k=8)
    match, score = one_to_one(scores, columns, num_columns=40)
    assert match.tolist() == slow_greedy(scores, columns)
    free = match < 0
    assert torch.equal(score[free], torch.zeros(int(free.sum())))
    table = left @ right.T
    assert torch.allclose(score[~free], table[torch.arange(30)[~free], match[~free]])


def test_a_row_whose_candidates_are_taken_stays_free():
    match, score = one_to_one(torch.tensor([[0.9], [0.8]]), torch.tensor([[0], [0]]), num_columns=1)
    assert match.tolist() == [0, -1]
    assert score.tolist() == pytest.approx([0.9, 0.0])


@pytest.mark.parametrize(
    ("left", "right", "error", "words"),
    [
        (torch.ones(2, 3), torch.ones(2, 4), ShapeError, "one width"),
        (torch.ones(0, 3), torch.ones(2, 3), DataError, "must have rows; got 0 and 2"),
        (torch.full((2, 3), torch.nan), torch.ones(2, 3), DataError, "finite"),
    ],
)
def test_bad_sides_are_refused(left, right, error, words):
    with pytest.raises(error, match=words):
        nearest_candidates(left, right)
