import torch
from safetensors.torch import load_file

from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.trainer import WEIGHTS, make_trainer


def trainer_of(world, folder, *, epochs=1, log=None, **more):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels(), **more)
    batcher = model.batcher()
    items = batcher.items(corpus.train.samples(model.labels))
    return make_trainer(
        model,
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
    model, config = trainer.model, TrainConfig()
    parts = {
        config.text_learning_rate: model.backbone,
        config.fusion_learning_rate: model.fusion,
        config.learning_rate: model.head,
    }
    assert sizes == {rate: sum(p.numel() for p in m.parameters()) for rate, m in parts.items()}


def test_checkpoints_leave_out_the_frozen_language_model(world, tmp_path):
    trainer = trainer_of(world, tmp_path)
    trainer._save(str(tmp_path / "one"))
    kept = load_file(tmp_path / "one" / WEIGHTS)
    assert {name.split(".")[0] for name in kept} == {"fusion", "head", "scale"}
    other = trainer_of(world, tmp_path, seed=9)
    other._load_from_checkpoint(str(tmp_path / "one"))
    assert all(torch.equal(value, kept[name]) for name, value in other.model.own_state().items())


def test_only_the_last_checkpoint_stays_however_short_the_epochs(world, tmp_path):
    trainer = trainer_of(world, tmp_path, epochs=3, log=tmp_path / "metrics.jsonl")
    trainer.train()
    (kept,) = tmp_path.glob("checkpoint-*")
    assert kept.name == f"checkpoint-{trainer.state.max_steps}"
    assert trainer.args.save_total_limit is None  # the Trainer goes by times and warns
