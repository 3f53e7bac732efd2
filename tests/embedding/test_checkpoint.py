import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, LichenError
from lichen.data.graph import Graph
from lichen.embedding.checkpoint import Checkpoint, encoder_run, remove_checkpoint
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.described import DescribedEncoder
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.gnn.encoder import GraphNetwork
from lichen.embedding.trainer import train_embedding

RING = [(f"e{i}", "next", f"e{(i + 1) % 30}") for i in range(30)]
PROGRAM = """
import sys
import lichen as li
from lichen.embedding.trainer import train_embedding
ring = [(f"e{i}", "next", f"e{(i + 1) % 30}") for i in range(30)]
valid = ring[: int(sys.argv[2])]
graph = li.Graph.from_triples(ring, splits={"valid": valid} if valid else None)
encoder = li.GraphEncoder("complex", graph, dim=8)
config = li.EmbeddingConfig(**eval(sys.argv[1]))
train_embedding(encoder, graph, config=config, checkpoint=sys.argv[3])
encoder.save(sys.argv[3] + "-done")
"""


def graph():
    return Graph.from_triples(RING, splits={"valid": RING[:4]})


def checkpoint(folder, config=None):
    encoder = GraphEncoder("complex", graph(), dim=4)
    facts = np.zeros((1, 3), dtype=np.int64)
    return Checkpoint(folder, encoder_run(encoder, facts, config or EmbeddingConfig()))


def test_state_comes_back_and_is_replaced_whole(tmp_path):
    kept = checkpoint(tmp_path / "deep" / "state")
    assert kept.read() is None
    for epoch in (1, 2):
        kept.write({"x": torch.full((3,), float(epoch))}, {"epoch": epoch})
    tensors, progress = kept.read()
    assert tensors["x"].tolist() == [2.0, 2.0, 2.0]
    assert progress == {"epoch": 2}
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["state"]
    (tmp_path / "deep" / ".state.old").mkdir()  # as a kill between two renames leaves it
    remove_checkpoint(tmp_path / "deep" / "state")
    assert kept.read() is None
    assert not list((tmp_path / "deep").iterdir())
    remove_checkpoint(tmp_path / "deep" / "state")


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


def network(layers="gcn", fan_out=(1, 1), **more):
    pytest.importorskip("torch_geometric")
    return GraphNetwork("distmult", graph(), layers=layers, fan_out=fan_out, dim=8, **more)


def described(seed=0, learned=True):  # noqa: FBT002 - as the encoder has it
    features = np.random.default_rng(seed).normal(size=(30, 5))
    return DescribedEncoder("distmult", graph(), features=features, learned=learned, dim=8)


def tucker():
    return GraphEncoder("tucker", graph(), dim=8)


@pytest.mark.parametrize(
    ("make", "other", "differing"),
    [
        (network, tucker, "class and scorer"),
        (network, lambda: network("sage"), "layers"),
        (network, lambda: network(fan_out=(1, 2)), "fan_out"),
        (network, lambda: network(features=np.ones((30, 2))), r"encoder\.features"),
        (described, lambda: described(seed=1), r"encoder\.features"),
        (described, lambda: described(learned=False), r"learned and encoder\.entity_table"),
    ],
)
def test_another_encoder_is_refused_in_one_line(tmp_path, make, other, differing):
    def kept(encoder):
        run = encoder_run(encoder, graph().triples, EmbeddingConfig())
        return Checkpoint(tmp_path / "state", run)

    kept(make()).write({"x": torch.zeros(1)}, {})
    with pytest.raises(ConfigError, match=rf"state: holds a run with another {differing}\. Give"):
        kept(other()).read()
    assert kept(make()).read() is not None


def test_a_full_disk_is_told_and_the_state_before_stays(tmp_path, disk_limit):
    kept = checkpoint(tmp_path / "state")
    kept.write({"x": torch.zeros(1)}, {"epoch": 1})
    with disk_limit(4096), pytest.raises(LichenError) as told:
        kept.write({"x": torch.ones(5000)}, {"epoch": 2})
    said = rf"^{tmp_path}/state: must be written whole, and .*File too large.*; what .* is kept\."
    assert re.fullmatch(said, str(told.value))
    assert kept.read()[1] == {"epoch": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["state"]


def assert_goes_on(make, config, folder, monkeypatch):
    """Cut a run after its second checkpoint, and compare it with one that was not cut."""
    whole, cut, again = make(), make(), make()
    expected = train_embedding(whole, graph(), config=config)
    written, write = [], Checkpoint.write

    def write_twice(self, *args):
        write(self, *args)
        written.append(1)
        if len(written) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "write", write_twice)
        with pytest.raises(KeyboardInterrupt):
            train_embedding(cut, graph(), config=config, checkpoint=folder)
    report = train_embedding(again, graph(), config=config, checkpoint=folder)
    assert len(report.losses) == config.epochs
    assert report.losses == expected.losses
    assert report.valid_mrr == expected.valid_mrr
    assert whole.state_dict().keys() == again.state_dict().keys()
    for name, tensor in whole.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name
    assert_comes_back(make(), again, report, config, folder)


def assert_comes_back(encoder, trained, report, config, folder):
    """Meet the state of a finished run: nothing is trained, and the result is the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lichen.embedding.trainer._Run._epoch", None)
        back = train_embedding(encoder, graph(), config=config, checkpoint=folder)
    assert (back.losses, back.valid_mrr) == (report.losses, report.valid_mrr)
    assert (back.epochs, back.best_epoch) == (report.epochs, report.best_epoch)
    for name, tensor in trained.state_dict().items():
        assert torch.equal(encoder.state_dict()[name], tensor), name


SETTINGS = {
    "epochs": 9,
    "batch_size": 16,
    "negatives": 8,
    "learning_rate": 0.05,
    "dropout": 0.1,
    "valid_every": 2,
    "patience": 50,
    "decay": 0.5,
}


@pytest.mark.parametrize("candidates", ["all", "pool", "sampled"])
@pytest.mark.parametrize("optimiser", ["adagrad", "adam"])
def test_a_run_cut_short_ends_as_if_it_had_not(tmp_path, candidates, optimiser, monkeypatch):
    config = EmbeddingConfig(**SETTINGS, candidates=candidates, optimiser=optimiser)
    assert_goes_on(tucker, config, tmp_path / "state", monkeypatch)


@pytest.mark.parametrize("candidates", ["all", "pool", "sampled"])
@pytest.mark.parametrize("make", [network, described])
def test_computed_vectors_go_on_alike(tmp_path, candidates, make, monkeypatch):
    config = EmbeddingConfig(**SETTINGS, candidates=candidates)
    assert_goes_on(make, config, tmp_path / "state", monkeypatch)


@pytest.mark.parametrize("valid", [0, 4], ids=["all", "best"])
def test_a_killed_process_goes_on(tmp_path, valid):
    settings = {"epochs": 300, "batch_size": 8, "valid_every": 20, "candidates": "all"}
    settings |= {"patience": 100, "dropout": 0.1}
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def start(name):
        given = [repr(settings), str(valid), str(tmp_path / name)]
        command = [sys.executable, "-c", PROGRAM, *given]
        return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)

    cut = start("cut")
    deadline = time.monotonic() + 90
    while not (tmp_path / "cut" / "lichen.json").exists() and time.monotonic() < deadline:
        assert cut.poll() is None, cut.stderr.read()
        time.sleep(0.02)
    cut.send_signal(signal.SIGKILL)
    cut.communicate()
    assert not (tmp_path / "cut-done").exists()
    for running in [start("cut"), start("whole")]:
        _, told = running.communicate(timeout=120)
        assert running.returncode == 0, told
    whole, again = (GraphEncoder.load(tmp_path / f"{x}-done") for x in ("whole", "cut"))
    assert torch.equal(again.vectors(), whole.vectors())
    assert torch.equal(again.relation_table, whole.relation_table)
