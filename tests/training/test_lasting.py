import gc

import pytest

from lichen.training.lasting import lasting


class Node:
    def __init__(self):
        self.itself = self


@pytest.fixture
def _thawed():
    had_frozen = gc.get_freeze_count() > 0
    gc.unfreeze()
    yield
    if had_frozen:
        gc.freeze()


def lives(kept):
    return any(isinstance(x, Node) and id(x) in kept for x in gc.get_objects())


@pytest.mark.usefixtures("_thawed")
def test_what_was_there_is_left_out_and_what_comes_is_collected():
    before = Node()
    num_before = len(gc.get_objects())
    with lasting():
        assert gc.get_freeze_count() >= num_before
        assert not lives({id(before)})  # only objects that a collection looks at are listed
        after = Node()
        place = {id(after)}
        assert lives(place)
        del after
        gc.collect()
        assert not lives(place)
    assert gc.get_freeze_count() == 0
    assert lives({id(before)})


@pytest.mark.usefixtures("_thawed")
def test_an_error_and_a_second_one_inside_leave_nothing_behind():
    @lasting()
    def outer():
        inner()
        assert gc.get_freeze_count() > 0
        raise ValueError("stop")

    @lasting()
    def inner():
        assert gc.get_freeze_count() > 0

    with pytest.raises(ValueError, match="stop"):
        outer()
    assert gc.get_freeze_count() == 0
