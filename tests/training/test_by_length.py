"""The order of samples that spares padding."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lichen.training.by_length import WINDOW, ByLength


@given(
    lengths=st.lists(st.integers(1, 500), max_size=300),
    size=st.integers(1, 4),
    seed=st.integers(0, 9),
)
def test_each_sample_is_drawn_once_and_full_batches_come_first(lengths, size, seed):
    order = list(ByLength(lengths, batch_size=size, seed=seed))
    assert sorted(order) == list(range(len(lengths)))
    for start in range(0, len(order) - size + 1, size):
        batch = [lengths[i] for i in order[start : start + size]]
        assert batch == sorted(batch)


def test_batches_of_one_length_need_no_padding():
    lengths = np.random.default_rng(0).permutation(np.repeat([5, 9, 60], 8 * WINDOW))
    batches = np.array(list(ByLength(lengths, batch_size=8, seed=1))).reshape(-1, 8)
    mixed = sum(len(set(lengths[batch])) > 1 for batch in batches)
    assert mixed <= 2 * 3, "at most two seams in each of three windows"


def test_the_order_is_that_of_seed_and_epoch():
    def order(seed, epoch):
        drawn = ByLength(list(range(100)), batch_size=8, seed=seed)
        drawn.set_epoch(epoch)
        return list(drawn)

    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 0)
    assert order(0, 1) != order(1, 1)
