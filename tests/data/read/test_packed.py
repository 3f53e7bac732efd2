import random

import numpy as np
import pytest

from lichen.data.builder import GraphBuilder
from lichen.data.read.packed import LONGEST, Octets, PackedLabels


def fields_of(labels):
    parts = [label.encode() for label in labels]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    return Octets(b"".join(parts)), ends - [len(part) for part in parts], ends


def drawn(draw, count):
    alphabet = ["a", "b", "Q", "7", "é", "水", "\x00"]
    sizes = (1, 2, 7, 8, 9, LONGEST - 1, LONGEST, LONGEST + 1, 40)
    pool = ["".join(draw.choices(alphabet[: draw.randrange(1, 8)], k=draw.choice(sizes)))
            for _ in range(count)]  # fmt: skip
    return draw.choices(pool, k=3 * count)


@pytest.mark.parametrize("seed", range(10))
def test_ids_are_those_of_a_dictionary(seed):
    draw = random.Random(seed)
    builder = GraphBuilder()
    labels = PackedLabels(builder.entity_ids, bits=draw.randrange(1, 5))
    expected = {}
    for count in (1, 3, 200, 50, 1000):
        block = drawn(draw, count)
        if draw.random() < 0.3:  # one that was numbered without the table
            builder.add_entity(block[-1])
            expected.setdefault(block[-1], len(expected))
        found = labels.ids(*fields_of(block))
        assert found.tolist() == [expected.setdefault(x, len(expected)) for x in block]
    assert list(builder.build().entities) == list(expected)


def test_known_short_labels_are_not_asked_for_again():
    asked = []

    def number(labels):
        asked.append(labels)
        return builder.entity_ids(labels)

    builder, long = GraphBuilder(), "x" * (LONGEST + 1)
    labels = PackedLabels(number)
    for _ in range(2):
        labels.ids(*fields_of(["a", "b", "a", long]))
    assert asked == [["a", "b", "a", long], [long]]


def test_a_label_is_not_taken_for_one_with_zeros_after_it():
    labels = PackedLabels(GraphBuilder().entity_ids)
    assert labels.ids(*fields_of(["a", "a\x00", "a\x00\x00", "a"])).tolist() == [0, 1, 2, 0]
    assert labels.ids(*fields_of(["a\x00\x00", "a\x00", "a"])).tolist() == [2, 1, 0]


def test_labels_that_meet_in_one_place_stay_apart(monkeypatch):
    slots = lambda self, first, second: np.zeros(len(first), dtype=np.int64)  # noqa: E731, ARG005
    monkeypatch.setattr(PackedLabels, "_slots", slots)
    labels = PackedLabels(GraphBuilder().entity_ids, bits=1)
    names = [f"Q{i}" for i in range(30)]
    for _ in range(2):
        assert labels.ids(*fields_of(names)).tolist() == list(range(30))
