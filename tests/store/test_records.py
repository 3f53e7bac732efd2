"""Changes know whether there are any."""

from __future__ import annotations

from lichen.data.graph import Literal, Name
from lichen.store.records import Changes, Entity, Fact


def test_empty_changes():
    assert Changes(3, 3).is_empty
    assert Changes(3, 9, relations=("r",)).is_empty


def test_any_part_counts():
    fact = Fact("a", "r", "b", (0, 0, 1))
    for part in (
        {"entities": (Entity(0, "a"),)},
        {"inserted": (fact,)},
        {"retracted": (fact,)},
        {"names": (Name(0, "a"),)},
        {"literals": (Literal(0, "area", 1.0),)},
        {"retracted_literals": (Literal(0, "area", 1.0),)},
    ):
        assert not Changes(0, 1, **part).is_empty
