"""What is no id, and ids that do not belong together, are refused wherever they come in."""

import numpy as np
import pytest
import torch

from lichen.base.errors import DataError, ShapeError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.ids import checked_ids, id_tensor, side_by_side, whole_ids


@pytest.fixture(scope="module")
def encoder():
    ring = [(f"e{i}", r, f"e{(i + 1) % 5}") for i in range(5) for r in ("next", "to")]
    return GraphEncoder("complex", Graph.from_triples(ring), dim=4)


@pytest.mark.parametrize(
    "ids",
    [[2, 0], (2, 0), np.array([2, 0], np.uint8), torch.tensor([2, 0]),
     torch.tensor([2, 0], dtype=torch.int32), torch.tensor([2, 0], dtype=torch.uint8)],
    ids=repr,
)  # fmt: skip
def test_whole_numbers_of_any_kind_are_ids(encoder, ids):
    assert id_tensor("entity", ids).dtype == torch.int64
    assert id_tensor("entity", ids).tolist() == [2, 0]
    assert torch.equal(encoder.vectors(ids), encoder.vectors()[[2, 0]])


def test_no_ids_are_no_ids(encoder):
    assert whole_ids("entity", []).tolist() == []
    assert encoder.score([], [], []).shape == (0,)
    assert id_tensor("entity", 3).shape == ()


@pytest.mark.parametrize(
    ("ids", "came"),
    [
        ([1.7], r"1\.7 \(float64\)"),
        (torch.tensor([1.0]), r"1\.0 \(float32\)"),
        ([True, False], r"True \(bool\)"),
        (torch.tensor([True, False, True, False, True]), r"True \(bool\)"),
        (["e1"], "'e1'"),
        ([None], "None"),
    ],
    ids=repr,
)
def test_what_is_no_whole_number_is_refused(encoder, ids, came):
    said = rf"^entity ids must be whole numbers; got {came}.* Look ids up by their labels\.$"
    for ask in (
        lambda: encoder.vectors(ids),
        lambda: encoder.score(ids, [0], [0]),
        lambda: encoder.score([0], [0], ids),
        lambda: encoder.score_tails(ids, [0]),
        lambda: encoder.score_heads([0], ids),
        lambda: encoder.score_relations(ids, [0]),
        lambda: encoder.score_directed(ids, [0]),
    ):
        with pytest.raises(DataError, match=said):
            ask()


def test_facts_of_a_newcomer_are_whole_numbers(encoder):
    with pytest.raises(DataError, match=r"^as_head: entity and relation ids must be whole"):
        encoder.encode_unseen(as_head=[(0.5, 1)])


def test_numbers_of_ids_that_do_not_fit_are_refused(encoder):
    assert encoder.score([1, 2], [0], [1, 2]).shape == (2,)
    assert encoder.score([[1], [2]], [0, 1, 0], 3).shape == (2, 3)
    said = r"^h, r and t must be as many, or one; got shapes \(2,\), \(1,\) and \(3,\)\. Give"
    with pytest.raises(ShapeError, match=said):
        encoder.score([1, 2], [0], [1, 2, 3])
    for ask in (
        lambda: encoder.score_tails([0, 1], [0, 1, 0]),
        lambda: encoder.score_heads([0, 1], [0, 1, 0]),
        lambda: encoder.score_relations([0, 1], [0, 1, 0]),
    ):
        with pytest.raises(ShapeError, match=r"must be as many, or one; got shapes \(2,\) and"):
            ask()
    for entity, relation in (([0, 1], [0, 1, 0]), (0, 0)):
        with pytest.raises(ShapeError, match=r"must have one shape, \(batch,\); got \("):
            encoder.score_directed(entity, relation)


def test_ids_are_within_their_range():
    assert checked_ids("entity", [0, 4], 5).tolist() == [0, 4]
    with pytest.raises(DataError, match=r"relation ids must be from 0 to 4; got -1 to 5"):
        checked_ids("relation", [5, -1], 5)
    assert [x.tolist() for x in side_by_side(h=[1], r=2)] == [[1], 2]


def test_lists_of_several_lengths_are_told():
    with pytest.raises(ShapeError, match="entity ids must be a list, or lists of one length; got"):
        whole_ids("entity", [[1, 2], [3]])
