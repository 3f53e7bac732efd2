from collections import Counter

from lichen.training.passes import InTurn, Passes

BUNDLES = [[[f"a{i}"] for i in range(10)], [["b0", "b1"], ["b2"], ["b3", "b4"]]]


def test_the_parts_of_a_batch_hold_what_the_batch_of_one_process_does():
    one = Passes(BUNDLES, [4, 2], seed=0)
    two = Passes(BUNDLES, [4, 2], seed=0, parts=2)
    assert len(two) == 2 * len(one)
    for number in range(len(one)):
        task, items = one[number]
        parts = [two[2 * number + part] for part in range(2)]
        assert {name for name, _ in parts} == {task}
        told = Counter(item for _, mine in parts for item in mine)
        assert told.keys() == set(items)
        short = len(one.batches[number][1]) < 2
        assert told == Counter(items) or short  # a batch of one bundle is read by both


def test_parts_follow_one_another_in_an_order_that_is_new_each_epoch():
    passes = Passes(BUNDLES, [2, 1], seed=1, parts=2)
    order, dealt = InTurn(passes), list(passes.batches)
    first = list(order)
    assert len(order) == len(first) == 16
    assert sorted(first) == list(range(16))
    assert all(first[i + 1] == first[i] + 1 and first[i] % 2 == 0 for i in range(0, 16, 2))
    order.set_epoch(1)
    assert list(order) != first
    assert passes.batches != dealt
    order.set_epoch(0)
    assert list(order) == first
