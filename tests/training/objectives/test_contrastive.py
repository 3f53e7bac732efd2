import numpy as np
import pytest
import torch
from torch.nn.functional import log_softmax, normalize

from lichen.training.objectives.contrastive import BLANK, ContrastiveEntities


@pytest.fixture
def objective(text, windows, graph):
    return ContrastiveEntities(text, windows, graph)


def test_most_mentions_are_hidden_and_the_rest_of_the_text_is_not(objective, windows):
    hidden = 0
    items = np.arange(objective.num_items)
    for seed in range(20):
        batch = objective.batch(items, np.random.default_rng(seed))
        for row, (number, place) in enumerate(objective.places):
            ids, own = batch["input_ids"][row].tolist(), windows[number].ids.tolist()
            inside = ids[place.start : place.end]
            is_hidden = inside == [objective.mask_id] * len(inside)
            assert is_hidden or inside == own[place.start : place.end]
            assert ids[: place.start] == own[: place.start]
            assert ids[place.end : len(own)] == own[place.end :]
            hidden += is_hidden
    assert hidden / (20 * len(items)) == pytest.approx(BLANK, abs=0.06)


def test_the_loss_is_that_of_its_formula(objective):
    """InfoNCE both ways, item by item; mentions of one entity are not each other's rivals."""
    objective.text.model.eval()
    batch = objective.batch(np.arange(objective.num_items), np.random.default_rng(0))
    targets = batch["targets"].tolist()
    assert len(set(targets)) < len(targets)
    with torch.no_grad():
        states = objective.states(batch)
        seen = [states[i, a:b].mean(0) for i, (a, b) in enumerate(batch["spans"].tolist())]
        told = {"input_ids": batch["told_ids"], "attention_mask": batch["told_mask"]}
        rows = zip(objective.states(told), batch["told_mask"], strict=True)
        known = [row[keep.bool()].mean(0) for row, keep in rows]
        found = [
            [20.0 * float(normalize(m, dim=0) @ normalize(e, dim=0)) for e in known] for m in seen
        ]
        value = 0.0
        for i, t in enumerate(targets):
            value -= float(log_softmax(torch.tensor(found[i]), 0)[t])
            rivals = [found[j][t] for j, other in enumerate(targets) if other != t or j == i]
            own = sum(other != t for other in targets[:i])
            value -= float(log_softmax(torch.tensor(rivals), 0)[own])
        assert float(objective.loss(batch)) == pytest.approx(value / 2 / len(targets), rel=1e-4)
