import numpy as np
import pytest
import torch

from lichen.alignment.vectors import as_tensor
from lichen.base.errors import DataError


def test_arrays_lists_and_tensors_become_the_same_numbers():
    want = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    frozen = np.array([[1, 2], [3, 4]])
    frozen.flags.writeable = False
    for given in ([[1, 2], [3, 4]], frozen, want.double(), want.half()):
        found = as_tensor("texts", given)
        assert found.dtype == torch.float32
        assert torch.equal(found, want)


def test_a_tensor_that_learns_still_does():
    weight = torch.ones(2, 3, requires_grad=True)
    as_tensor("texts", weight).sum().backward()
    assert torch.equal(weight.grad, torch.ones(2, 3))


@pytest.mark.parametrize("given", [["a", "b"], [[1.0], [1.0, 2.0]], np.array([["a"], ["b"]])])
def test_what_is_no_rows_of_numbers_is_one_clear_line(given):
    with pytest.raises(DataError, match="texts: must be rows of numbers, all of one") as caught:
        as_tensor("texts", given)
    assert "\n" not in str(caught.value)
