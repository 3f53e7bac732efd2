from lichen.training.part import WHOLE, Order, Part


def test_the_parts_of_a_turn_are_the_batch_of_one_process():
    whole = Order(10, seed=3)
    for turn in range(6):
        asked = whole.batch(WHOLE.turn(turn), size=WHOLE.size(8))
        told = []
        for rank in range(2):
            part, own = Part(rank, 2), Order(10, seed=3)
            told += own.batch(part.turn(turn), size=part.size(8))
        assert told == asked


def test_each_pass_shows_every_item_once_in_an_order_of_its_own():
    order = Order(5, seed=0)
    passes = [order.batch(turn, size=5) for turn in range(3)]
    assert all(sorted(found) == list(range(5)) for found in passes)
    assert len({tuple(found) for found in passes}) == 3
    assert order.batch(0, size=5) == passes[0]
    assert Order(5, seed=1).batch(0, size=5) != passes[0]
