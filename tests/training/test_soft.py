import pytest
import torch
from torch import nn

from lichen.base.errors import ConfigError, LichenError
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.facts_loss import FactsLoss
from lichen.training.soft import fit_items

CONFIG = TrainConfig(epochs=2, batch_size=64)


def fitted(world, loss, *, seed=0, config=CONFIG, **settings):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels(), **settings)
    batcher = model.batcher()
    items = batcher.items(corpus.train.samples(model.labels))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    fit_items(
        model,
        items,
        collate=batcher.collate,
        loss=lambda batch, rows: loss(model, batch, rows),
        config=config,
        seed=seed,
    )
    changed = {k.split(".")[0] for k, v in model.state_dict().items() if not v.equal(before[k])}
    return model, len(items), changed


def test_every_item_comes_once_an_epoch_and_seeds_decide(world):
    seen = []

    def loss(model, batch, rows):
        seen.append(rows)
        return nn.functional.cross_entropy(model(**batch).logits, batch["labels"])

    first, size, changed = fitted(world, loss)
    assert sorted(torch.cat(seen).tolist()) == sorted([*range(size), *range(size)])
    assert changed == {"fusion", "head"}
    assert not first.training
    again, *_ = fitted(world, loss)
    other, *_ = fitted(world, loss, seed=1)
    assert torch.equal(first.head.inner.weight, again.head.inner.weight)
    assert not torch.equal(first.head.inner.weight, other.head.inner.weight)


def test_a_loss_that_is_no_number_stops_the_run(world):
    def loss(model, batch, _rows):
        return model(**batch).logits.sum() * torch.nan

    with pytest.raises(LichenError, match=r"Lower train\.learning_rate"):
        fitted(world, loss)


def test_gradients_of_several_passes_make_one_step(world, monkeypatch):
    steps = []
    step = torch.optim.AdamW.step

    def counted(self, *args, **more):
        steps.append(None)
        return step(self, *args, **more)

    def loss(model, batch, _rows):
        return nn.functional.cross_entropy(model(**batch).logits, batch["labels"])

    monkeypatch.setattr(torch.optim.AdamW, "step", counted)
    config = TrainConfig(epochs=2, batch_size=64, accumulate=3)
    _model, size, _changed = fitted(world, loss, config=config)
    passes = -(-size // 64)
    assert len(steps) == 2 * -(-passes // 3)


def test_facts_are_learned_beside_and_a_reporter_is_refused(world, world_graph, monkeypatch):
    turns, plain = [], FactsLoss.__call__

    def counted(self, nodes, step):
        turns.append(step)
        return plain(self, nodes, step)

    def loss(model, batch, _rows):
        return nn.functional.cross_entropy(model(**batch).logits, batch["labels"])

    monkeypatch.setattr(FactsLoss, "__call__", counted)
    told = {"train_nodes": True, "triple": 1.0, "graph": world_graph}
    _model, size, changed = fitted(world, loss, **told)
    assert turns == list(range(2 * -(-size // 64)))
    assert "nodes" in changed
    config = TrainConfig(epochs=1, report_to="tensorboard")
    with pytest.raises(
        ConfigError, match=r"train\.report_to must be 'none' for consistency and dis"
    ):
        fitted(world, loss, config=config)
