import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from lichen.base.errors import ArtifactError, ConfigError
from lichen.fusion.model import FusedModel
from lichen.training.folder import RunFolder, facts_spec, model_spec


def test_a_folder_is_one_run(tmp_path):
    folder = RunFolder(tmp_path)
    assert not folder.is_finished
    with pytest.raises(ArtifactError, match="cannot be read"):
        folder.require_same({"seed": 1})
    (tmp_path / "resolved.json").write_text(json.dumps({"seed": 1, "versions": {}}))
    folder.require_same({"seed": 1})
    with pytest.raises(ConfigError, match="another seed"):
        folder.require_same({"seed": 2})


def test_only_whole_checkpoints_are_gone_on_from(tmp_path):
    folder = RunFolder(tmp_path)
    for step, whole in ((5, True), (10, True), (15, False)):
        path = folder.checkpoints / f"checkpoint-{step}"
        path.mkdir(parents=True)
        if whole:
            (path / "trainer_state.json").write_text("{}")
    assert folder._last_checkpoint().name == "checkpoint-10"


def test_a_file_is_no_run_folder(tmp_path):
    (tmp_path / "run").write_text("here")
    with pytest.raises(ConfigError, match=r"run: must be a folder or free; .* is a file"):
        RunFolder(tmp_path / "run").begin({}, {})


def test_a_run_that_reads_facts_is_another_with_other_facts(world, world_graph):
    text, nodes, corpus = world
    turned = replace(world_graph, triples=world_graph.triples[::-1, [2, 1, 0]])
    told = {}
    for fusion in ("neighbours", "add"):
        for graph in (world_graph, turned):
            model = FusedModel(text, nodes, fusion=fusion, graph=graph, labels=corpus.labels())
            told.setdefault(fusion, []).append(facts_spec(model))
    assert told["add"] == [{}, {}]
    first, other = told["neighbours"]
    assert first.keys() == {"facts"}
    assert first != other


PROGRAM = """
import sys
from pathlib import Path
import lichen as li
home = Path(sys.argv[1])
model = li.FusedModel(li.TextEncoder.load(home / "text"), li.GraphEncoder.load(home / "nodes"))
config = li.TrainConfig(epochs=60, batch_size=64)
li.train(model, li.Corpus.load(home / "data.jsonl"), out=home / sys.argv[2], config=config)
"""


def test_a_run_killed_at_any_moment_goes_on_and_ends_with_the_same_weights(world, tmp_path):
    text, nodes, corpus = world
    text.save(tmp_path / "text")
    nodes.save(tmp_path / "nodes")
    corpus.train.save(tmp_path / "data.jsonl")
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    cut = subprocess.Popen([*command, "cut"])
    end = time.monotonic() + 120
    while not list((tmp_path / "cut/checkpoints").glob("checkpoint-*/trainer_state.json")):
        assert cut.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    cut.kill()
    assert cut.wait() == -signal.SIGKILL
    assert not (tmp_path / "cut/run.json").exists()
    for name in ("cut", "whole"):
        subprocess.run([*command, name], check=True)
    mine, theirs = (load_file(tmp_path / n / "model/model.safetensors") for n in ("cut", "whole"))
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(x, theirs[name]) for name, x in mine.items())


def test_a_method_that_reads_otherwise_than_before_is_another_run(world, world_graph):
    text, nodes, _ = world
    specs = {
        fusion: model_spec(FusedModel(text, nodes, fusion=fusion, graph=graph))
        for fusion, graph in (("gate", None), ("input", world_graph))
    }
    assert "reading" not in specs["gate"]
    assert specs["input"]["reading"] == 3
