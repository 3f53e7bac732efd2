import numpy as np
import torch

from lichen.training.objectives.entity import MaskedEntities


def test_the_mention_is_hidden_and_its_entity_is_among_the_candidates(text, windows, graph):
    objective = MaskedEntities(text, windows, graph)
    assert objective.num_items == sum(len(w.places) for w in windows.items)
    batch = objective.batch(np.arange(5), np.random.default_rng(0))
    for row, (number, place) in enumerate(objective.places[:5]):
        ids = batch["input_ids"][row].tolist()
        assert ids[place.start : place.end] == [objective.mask_id] * (place.end - place.start)
        rest = windows[number].ids.tolist()
        assert ids[: place.start] == rest[: place.start]
        assert ids[place.end : len(rest)] == rest[place.end :]
        assert batch["candidates"][batch["targets"][row]] == place.entity
    assert len(batch["candidates"]) == len(torch.unique(batch["candidates"]))
