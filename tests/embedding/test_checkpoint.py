import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, LichenError
from lichen.data.graph import Graph
from lichen.embedding.checkpoint import Checkpoint
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.trainer import train_embedding

RING = [(f"e{i}", "next", f"e{(i + 1) % 30}") for i in range(30)]
PROGRAM = """
import sys
import lichen as li
from lichen.embedding.trainer import train_embedding
graph = li.Graph.from_triples([(f"e{i}", "next", f"e{(i + 1) % 30}") for i in range(30)])
encoder = li.GraphEncoder("complex", graph, dim=8)
config = li.EmbeddingConfig(**eval(sys.argv[1]))
train_embedding(encoder, graph, config=config, checkpoint=sys.argv[2])
encoder.save(sys.argv[2] + "-done")
"""


def graph():
    return Graph.from_triples(RING, splits={"valid": RING[:4]})


def checkpoint(folder, config=None):
    encoder = GraphEncoder("complex", graph(), dim=4)
    return Checkpoint(
        folder, encoder, np.zeros((1, 3), dtype=np.int64), config or EmbeddingConfig()
    )


def test_state_comes_back_and_is_replaced_whole(tmp_path):
    kept = checkpoint(tmp_path / "deep" / "state")
    assert kept.read() is None
    for epoch in (1, 2):
        kept.write({"x": torch.full((3,), float(epoch))}, {"epoch": epoch})
    tensors, progress = kept.read()
    assert tensors["x"].tolist() == [2.0, 2.0, 2.0]
    assert progress == {"epoch": 2}
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["state"]
    kept.remove()
    assert kept.read() is None


def test_a_kill_between_two_renames_loses_nothing(tmp_path):
    kept = checkpoint(tmp_path / "state")
    kept.write({"x": torch.zeros(1)}, {"epoch": 1})
    (tmp_path / "state").rename(tmp_path / ".state.old")
    assert kept.read()[1] == {"epoch": 1}


def test_another_run_is_refused(tmp_path):
    checkpoint(tmp_path / "state").write({"x": torch.zeros(1)}, {})
    other = checkpoint(tmp_path / "state", EmbeddingConfig(learning_rate=0.2))
    with pytest.raises(ConfigError, match=r"state: holds a run with another config\. Give another"):
        other.read()
    longer = checkpoint(tmp_path / "state", EmbeddingConfig(epochs=99))
    assert longer.read() is not None


def test_a_full_disk_is_told_and_the_state_before_stays(tmp_path, monkeypatch):
    kept = checkpoint(tmp_path / "state")
    kept.write({"x": torch.zeros(1)}, {"epoch": 1})

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lichen.embedding.artifact.save_file", full)
    with pytest.raises(LichenError, match=r"must fit on the disk; .*No space left.*Free some"):
        kept.write({"x": torch.ones(1)}, {"epoch": 2})
    monkeypatch.undo()
    assert kept.read()[1] == {"epoch": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize("candidates", ["all", "sampled"])
@pytest.mark.parametrize("optimiser", ["adagrad", "adam"])
def test_a_run_cut_short_ends_as_if_it_had_not(tmp_path, candidates, optimiser, monkeypatch):
    config = EmbeddingConfig(
        epochs=9,
        batch_size=16,
        candidates=candidates,
        negatives=8,
        optimiser=optimiser,
        learning_rate=0.05,
        dropout=0.1,
        valid_every=2,
        patience=50,
        decay=0.5,
    )
    whole = GraphEncoder("tucker", graph(), dim=8)
    expected = train_embedding(whole, graph(), config=config)
    cut = GraphEncoder("tucker", graph(), dim=8)
    written = []
    write = Checkpoint.write

    def write_twice(self, *args):
        write(self, *args)
        written.append(1)
        if len(written) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "write", write_twice)
    with pytest.raises(KeyboardInterrupt):
        train_embedding(cut, graph(), config=config, checkpoint=tmp_path / "state")
    again = GraphEncoder("tucker", graph(), dim=8)
    report = train_embedding(again, graph(), config=config, checkpoint=tmp_path / "state")
    assert report.losses == expected.losses
    assert report.valid_mrr == expected.valid_mrr
    assert torch.equal(again.vectors(), whole.vectors())
    assert torch.equal(again.relation_table, whole.relation_table)
    assert not (tmp_path / "state").exists()


def test_a_killed_process_goes_on(tmp_path):
    settings = {"epochs": 500, "batch_size": 8, "valid_every": 20, "candidates": "all"}
    folder = tmp_path / "state"
    command = [sys.executable, "-c", PROGRAM, repr(settings), str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    running = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 90
    while not (folder / "lichen.json").exists() and time.monotonic() < deadline:
        assert running.poll() is None, running.stderr.read()
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert not (tmp_path / "state-done").exists()
    subprocess.run(command, env=environment, check=True, timeout=120, capture_output=True)
    plain = Graph.from_triples(RING)
    whole = GraphEncoder("complex", plain, dim=8)
    train_embedding(whole, plain, config=EmbeddingConfig(**settings))
    again = GraphEncoder.load(tmp_path / "state-done")
    torch.testing.assert_close(again.vectors(), whole.vectors(), rtol=1e-4, atol=1e-5)
