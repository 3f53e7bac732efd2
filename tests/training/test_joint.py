import pytest
import torch

from lichen.base.errors import ConfigError, LichenError
from lichen.training.joint import Joint, PretrainConfig, make_joint_trainer
from lichen.training.objectives.objective import make_objective
from lichen.training.objectives.weighed import WeighedObjectives


@pytest.fixture
def joint(tiny_text, tiny_windows, tiny_graph):
    made = {
        name: make_objective(name, tiny_text, tiny_windows, tiny_graph)
        for name in ("mask", "triple")
    }
    weighed = WeighedObjectives(made, {"mask": 1.0, "triple": 0.5})
    return Joint(tiny_text, weighed, head_steps=2).eval()


def test_losses_are_weighed_and_kept_by_name(joint):
    inputs = joint.draw(2, size=4, seed=0, turn=2)
    loss = joint(**inputs)["loss"].detach()
    found = joint.objectives.figures()
    assert float(loss) == pytest.approx(found["loss_mask"] + 0.5 * found["loss_triple"], rel=1e-5)
    assert joint.objectives.figures() == {}


def test_the_head_learns_alone_first(joint):
    inputs = joint.draw(1, size=4, seed=0, turn=1)
    assert set(inputs["batches"]) == {"mask"}
    joint(**inputs)["loss"].backward()
    assert all(p.grad is None for p in joint.backbone.parameters())
    assert joint.objectives["mask"].head.dense.weight.grad is not None
    joint(**joint.draw(2, size=4, seed=0, turn=2))["loss"].backward()
    grads = [p.grad for p in joint.backbone.parameters() if p.grad is not None]
    assert any(bool(grad.abs().sum() > 0) for grad in grads)


def test_dropout_is_off_while_the_head_learns_alone(joint):
    joint.train()
    alone = joint.draw(0, size=4, seed=0, turn=0)
    assert torch.equal(joint(**alone)["loss"], joint(**alone)["loss"])
    both = joint.draw(2, size=4, seed=0, turn=2)
    assert not torch.equal(joint(**both)["loss"], joint(**both)["loss"])


def test_a_full_disk_is_told_and_leaves_no_part_of_a_checkpoint(joint, tmp_path, disk_limit):
    config = PretrainConfig(steps=4, batch_size=4, log_every=99, save_every=2)
    log = tmp_path / "metrics.jsonl"
    trainer = make_joint_trainer(joint, config=config, seed=0, folder=tmp_path, log=log)
    with disk_limit(4096), pytest.raises(LichenError, match=r"checkpoint-2: must be written whole"):
        trainer.train()
    assert not list(tmp_path.glob("checkpoint-*"))


@pytest.mark.parametrize(
    ("key", "value"), [("steps", 0), ("learning_rate", float("nan")), ("warmup", 1.5)]
)
def test_a_bad_setting_is_named(key, value):
    with pytest.raises(ConfigError, match=rf"^pretrain\.{key} must be between"):
        PretrainConfig(**{key: value})
