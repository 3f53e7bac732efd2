import json
import re
from contextlib import ExitStack

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerCallback

from lichen.base.errors import ConfigError, LichenError
from lichen.data.corpus import Corpus
from lichen.fusion import pooled
from lichen.fusion.model import FusedModel
from lichen.lm.lora import is_lora
from lichen.lm.text_encoder import has_fast_half
from lichen.training.config import TrainConfig
from lichen.training.joined import ALONE
from lichen.training.learning import Learning
from lichen.training.loop import train
from lichen.training.reporters import EVENTS
from lichen.training.trainer import WEIGHTS, make_trainer


def trainer_of(world, folder, *, epochs=1, log=None, **more):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels(), **more)
    batcher = model.batcher()
    items = batcher.items(corpus.train.samples(model.labels))
    return make_trainer(
        Learning({ALONE: model}, weights={}, seed=0),
        items,
        collate=batcher.collate,
        config=TrainConfig(epochs=epochs),
        seed=0,
        folder=folder,
        log=log,
    )


def test_each_part_has_its_learning_rate(world, tmp_path):
    trainer = trainer_of(world, tmp_path, train_text=True)
    optimiser = trainer.create_optimizer()
    sizes = {g["lr"]: sum(p.numel() for p in g["params"]) for g in optimiser.param_groups}
    model, config = trainer.model.model, TrainConfig()
    parts = {
        config.text_learning_rate: model.backbone,
        config.fusion_learning_rate: model.fusion,
        config.learning_rate: model.head,
    }
    assert sizes == {rate: sum(p.numel() for p in m.parameters()) for rate, m in parts.items()}


@pytest.mark.parametrize("more", [{}, {"train_text": True}, {"lora": 2}], ids=str)
def test_gradients_of_all_that_is_trained_are_clipped_together(world, tmp_path, more):
    trainer = trainer_of(world, tmp_path, **more)
    trained = [p for p in trainer.model.parameters() if p.requires_grad]
    for parameter in trained:
        parameter.grad = torch.ones_like(parameter)
    most, count = trainer.args.max_grad_norm, sum(p.numel() for p in trained)
    assert float(trainer._clip_grad_norm(trainer.model)) == pytest.approx(count**0.5, rel=1e-4)
    left = torch.cat([p.grad.flatten() for p in trained])
    assert float(left.norm()) == pytest.approx(most, rel=1e-3)


def test_checkpoints_leave_out_the_frozen_language_model(world, tmp_path):
    trainer = trainer_of(world, tmp_path)
    trainer._save(str(tmp_path / "one"))
    kept = load_file(tmp_path / "one" / WEIGHTS)
    parts = {"fusion", "head", "relation_scale", "scale"}
    assert {name.split(".")[0] for name in kept} == {*parts, "learning"}
    other = trainer_of(world, tmp_path, seed=9)
    other._load_from_checkpoint(str(tmp_path / "one"))
    assert all(
        torch.equal(value, kept[name]) for name, value in other.model.model.own_state().items()
    )


def test_of_adapters_nothing_else_of_the_language_model_is_trained_or_kept(world, tmp_path):
    trainer = trainer_of(world, tmp_path, log=tmp_path / "metrics.jsonl", lora=2)
    before = {name: x.clone() for name, x in trainer.model.model.state_dict().items()}
    trainer.train()
    changed = {n for n, x in trainer.model.model.state_dict().items() if not x.equal(before[n])}
    assert {n for n in changed if n.startswith("backbone.")} == {n for n in before if is_lora(n)}
    assert {n.split(".")[0] for n in changed} == {"backbone", "fusion", "head"}
    (folder,) = tmp_path.glob("checkpoint-*")
    kept = load_file(folder / WEIGHTS)
    assert {n for n in kept if n.startswith("backbone.")} == {n for n in before if is_lora(n)}
    other = trainer_of(world, tmp_path, seed=9, lora=2)
    other._load_from_checkpoint(str(folder))
    assert all(x.equal(kept[name]) for name, x in other.model.model.own_state().items())
    (text_group,) = (g for g in trainer.groups if g["lr"] == TrainConfig().lora_learning_rate)
    assert len(text_group["params"]) == sum(is_lora(n) for n in before)


def test_only_the_last_checkpoint_stays_however_short_the_epochs(world, tmp_path):
    trainer = trainer_of(world, tmp_path, epochs=3, log=tmp_path / "metrics.jsonl")
    trainer.train()
    (kept,) = tmp_path.glob("checkpoint-*")
    assert kept.name == f"checkpoint-{trainer.state.max_steps}"
    assert trainer.args.save_total_limit is None  # the Trainer goes by times and warns


@pytest.mark.parametrize("share", [0.5, 1.5], ids=["weights", "optimiser"])
def test_a_full_disk_is_told_in_one_line_and_the_checkpoint_before_stays(
    world, tmp_path, disk_limit, share
):
    trainer = trainer_of(world, tmp_path, epochs=2, log=tmp_path / "metrics.jsonl")

    class Fill(TrainerCallback):
        def on_epoch_begin(self, *_args, **_kwargs):
            for path in tmp_path.glob(f"checkpoint-*/{WEIGHTS}"):
                full.enter_context(disk_limit(int(share * path.stat().st_size)))

    trainer.add_callback(Fill())
    with ExitStack() as full, pytest.raises(LichenError) as told:
        trainer.train()
    last, half = trainer.state.max_steps, trainer.state.max_steps // 2
    said = rf"^{tmp_path}/checkpoint-{last}: must be written whole, and .* Free some space or .*"
    assert re.fullmatch(said, str(told.value))
    (kept,) = tmp_path.glob("checkpoint-*")
    assert kept.name == f"checkpoint-{half}"
    again = trainer_of(world, tmp_path, epochs=2, log=tmp_path / "metrics.jsonl")
    assert again.train(resume_from_checkpoint=str(kept)).global_step == last


def test_gradients_of_several_passes_make_one_step(world):
    text, nodes, corpus = world
    steps = {}
    for accumulate in (1, 3):
        config = TrainConfig(epochs=2, batch_size=64, accumulate=accumulate)
        steps[accumulate] = train(FusedModel(text, nodes), corpus.train, config=config).metrics[
            "steps"
        ]
    passes = -(-len(corpus.train) // 64)
    assert steps == {1: 2 * passes, 3: 2 * -(-passes // 3)}


def test_a_batch_in_two_passes_is_the_batch_in_one(world, tmp_path, monkeypatch):
    monkeypatch.setattr(pooled, "TEXT_DROP", 0.0)
    text, nodes, corpus = world
    data = Corpus(tuple(corpus.train)[:32])  # one step: more would grow the rounding
    said = {}
    for accumulate in (1, 2):
        out = tmp_path / str(accumulate)
        model = FusedModel(text, nodes, head="pooled")  # the other has a batch normalisation
        config = TrainConfig(epochs=1, batch_size=32 // accumulate, accumulate=accumulate)
        run = train(model, data, out=out, config=config)
        lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        figures = [(x["loss"], x["grad_norm"]) for x in lines if "loss" in x]
        said[accumulate] = figures, run.model.predict(corpus.test.samples(model.labels))
    assert np.allclose(said[1][0], said[2][0], rtol=1e-4)
    assert torch.allclose(said[1][1], said[2][1], atol=1e-3)


def test_tensorboard_finds_the_figures_in_the_run_folder(world, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    text, nodes, corpus = world
    out = tmp_path / "run"
    config = TrainConfig(epochs=3, batch_size=64, report_to="tensorboard")
    run = train(FusedModel(text, nodes), corpus.train, out=out, config=config)
    assert list((out / EVENTS).glob("events.out.tfevents.*"))
    events = EventAccumulator(str(out / EVENTS))
    events.Reload()
    told = {event.step: event.value for event in events.Scalars("train/loss")}
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    logged = {line["step"]: line["loss"] for line in lines if "loss" in line}
    assert len(logged) == config.epochs
    assert told == pytest.approx(logged, rel=1e-5)
    assert events.Scalars("train/train_loss")[0].value == pytest.approx(run.metrics["loss"])


@pytest.mark.parametrize("asked", ["tensorboard", "all"])
def test_tensorboard_without_a_folder_is_one_clear_line(world, asked):
    text, nodes, corpus = world
    config = TrainConfig(epochs=1, report_to=asked)
    with pytest.raises(ConfigError, match=f"must not be '{asked}' where no out is given"):
        train(FusedModel(text, nodes), corpus.train, config=config)


def test_half_precision_is_for_a_trained_language_model_where_it_is_native(world, tmp_path):
    native = has_fast_half(torch.device("cpu"))
    for settings, wanted in (({}, False), ({"lora": 2}, native), ({"train_text": True}, native)):
        assert trainer_of(world, tmp_path, **settings).args.bf16 is wanted
