import numpy as np

from lichen.training.objectives.entity_typing import EntityTyping


def test_targets_are_the_types_of_the_mention(text, windows, graph):
    objective = EntityTyping(text, windows, graph)
    assert list(objective.types) == ["land", "town"]
    batch = objective.batch(np.arange(objective.num_items), np.random.default_rng(0))
    for (_, place), row in zip(objective.places, batch["targets"].tolist(), strict=True):
        is_town = graph.entities[place.entity].startswith("c")
        assert row == ([0.0, 1.0] if is_town else [1.0, 0.0])
