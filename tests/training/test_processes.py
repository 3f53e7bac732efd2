import multiprocessing
import threading
import time

import pytest
import torch

from lichen.base.errors import ConfigError, LichenError
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.loop import train

CONFIG = TrainConfig(epochs=12, batch_size=32, learning_rate=5e-3)


def test_two_processes_take_as_many_steps_and_reach_what_one_reaches(world, tmp_path):
    text, nodes, corpus = world
    found = []
    for processes in (1, 2):
        out = tmp_path / str(processes)
        model = FusedModel(text, nodes)
        run = train(
            model, corpus.train, valid=corpus.test, out=out, config=CONFIG, processes=processes
        )
        assert len((out / "metrics.jsonl").read_text().splitlines()) == CONFIG.epochs + 1
        found.append(run.metrics)
    one, two = found
    assert two["steps"] == one["steps"]
    assert two["loss"] == pytest.approx(one["loss"], rel=0.15)
    assert two["valid_accuracy"] == pytest.approx(one["valid_accuracy"], abs=0.1)
    assert two["valid_accuracy"] > 0.8


def kill_one_after_a_checkpoint(out):
    while not list(out.glob("checkpoints/checkpoint-*/trainer_state.json")):
        time.sleep(0.01)
    multiprocessing.active_children()[1].kill()


def test_a_process_that_dies_is_one_clear_line_and_the_run_goes_on(world, tmp_path):
    text, nodes, corpus = world
    config = TrainConfig(epochs=30, batch_size=32)
    killer = threading.Thread(target=kill_one_after_a_checkpoint, args=[tmp_path / "cut"])
    killer.start()
    with pytest.raises(LichenError, match=r"^processes: all 2 must live") as error:
        train(
            FusedModel(text, nodes), corpus.train, out=tmp_path / "cut", config=config, processes=2
        )
    killer.join()
    assert "\n" not in str(error.value)
    runs = [
        train(
            FusedModel(text, nodes), corpus.train, out=tmp_path / name, config=config, processes=2
        )
        for name in ("cut", "whole")
    ]
    mine, theirs = (run.model.state_dict() for run in runs)
    assert all(torch.allclose(x, theirs[name], atol=1e-5) for name, x in mine.items())


def test_what_cannot_go_on_is_one_clear_line(world):
    text, nodes, corpus = world
    with pytest.raises(ConfigError, match=r"must divide train\.batch_size \(32\); got 3"):
        train(FusedModel(text, nodes), corpus.train, config=CONFIG, processes=3)
    with pytest.raises(ConfigError, match="processes must be"):
        train(FusedModel(text, nodes), corpus.train, config=CONFIG, processes=0)
