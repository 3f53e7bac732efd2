import errno
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, LichenError
from lichen.data.graph import Graph
from lichen.embedding.checkpoint import (
    Checkpoint,
    alone,
    encoder_run,
    remove_checkpoint,
    require_course,
)
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
    return Checkpoint(folder, encoder_run(encoder, graph(), config or EmbeddingConfig()))


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
    with pytest.raises(ConfigError, match=r"run that differs in embed\.learning_rate\. Start"):
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
        run = encoder_run(encoder, graph(), EmbeddingConfig())
        return Checkpoint(tmp_path / "state", run)

    kept(make()).write({"x": torch.zeros(1)}, {})
    with pytest.raises(
        ConfigError, match=rf"state: holds a run that differs in {differing}\. Start"
    ):
        kept(other()).read()
    assert kept(make()).read() is not None


SHORT = {"epochs": 4, "batch_size": 16, "valid_every": 2, "candidates": "all"}


def run_cut(folder, *, config, **other):
    """Leave a run after its first look."""
    with pytest.raises(KeyboardInterrupt):
        run_on(folder, config=config, on_look=interrupt, **other)


def run_on(folder, *, config, seed=0, valid=4, more=0, **other):
    splits = {"valid": RING[:valid], "test": RING[:more]}
    world = Graph.from_triples(RING, splits={k: x for k, x in splits.items() if x})
    encoder = GraphEncoder("complex", world, dim=8, seed=seed)
    return train_embedding(encoder, world, config=config, checkpoint=folder, **other)


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"seed": 1}, r"began with other weights\. Build the model anew as that run did, give"),
        ({"valid": 5}, "differs in validation facts"),
        ({"valid": 0}, "differs in validation facts and known facts"),
        ({"epochs": 6, "last_rate": 0.5}, r"differs in embed\.epochs\. Start"),
        ({"epochs": 1}, r"is at epoch 2, and embed\.epochs is 1\. Set embed\.epochs to 2"),
    ],
    ids=str,
)
def test_a_run_that_would_end_otherwise_is_refused_in_one_line(tmp_path, other, told):
    rate = {"last_rate": other.get("last_rate", 1.0)}
    run_cut(tmp_path / "state", config=EmbeddingConfig(**SHORT, **rate))
    changed = EmbeddingConfig(**SHORT | {k: other[k] for k in other if k in ("epochs", *rate)})
    given = {k: x for k, x in other.items() if k in ("seed", "valid")}
    with pytest.raises(ConfigError, match=rf"^{tmp_path}/state: holds a run .*{told}") as error:
        run_on(tmp_path / "state", config=changed, **given)
    assert "\n" not in str(error.value)
    report = run_on(tmp_path / "state", config=EmbeddingConfig(**SHORT, **rate))
    assert report.losses == run_on(None, config=EmbeddingConfig(**SHORT, **rate)).losses


def test_facts_that_validation_is_ranked_among_are_part_of_a_run(tmp_path):
    edge = Graph.from_triples(RING, splits={"valid": RING[:4], "test": [("e0", "next", "e9")]})
    encoder = GraphEncoder("complex", graph(), dim=8)
    config = EmbeddingConfig(**SHORT)
    train_embedding(encoder, graph(), config=config, checkpoint=tmp_path / "state")
    with pytest.raises(ConfigError, match=r"holds a run that differs in known facts\. Start"):
        train_embedding(
            GraphEncoder("complex", edge, dim=8), edge, config=config, checkpoint=tmp_path / "state"
        )


@pytest.mark.parametrize(("epochs", "decay"), [(5, 1.0), (5, 0.5), (6, 0.5)])
def test_more_epochs_end_as_if_asked_for_at_once_or_are_refused(tmp_path, epochs, decay):
    longer = EmbeddingConfig(**SHORT | {"epochs": 8, "decay": decay, "patience": 9})
    run_on(tmp_path / "state", config=replace(longer, epochs=epochs))
    if epochs % 2 and decay < 1:  # a look of its own at its end
        said = r"epoch 5, and embed\.valid_every 2 .* embed\.decay .* Set embed\.epochs to 5, give"
        with pytest.raises(ConfigError, match=said):
            run_on(tmp_path / "state", config=longer)
        return
    report, whole = run_on(tmp_path / "state", config=longer), run_on(None, config=longer)
    looks = [*report.valid_mrr]
    assert report.losses == whole.losses
    if len(looks) > len(whole.valid_mrr):  # it was the best so far
        assert looks.pop(2) > max(looks[:2])
    assert tuple(looks) == whole.valid_mrr


def test_a_state_of_an_earlier_version_is_told(tmp_path):
    kept = checkpoint(tmp_path / "state")
    before = {k: x for k, x in kept.run.items() if "facts" not in k}
    Checkpoint(tmp_path / "state", before).write({"x": torch.zeros(1)}, {})
    with pytest.raises(ConfigError, match=r"of an earlier version .* Finish it with that version,"):
        kept.read()


def test_a_patience_that_would_have_ended_a_run_is_refused(tmp_path):
    seen = [0.2, 0.1, 0.15, 0.3, 0.1]
    at = {"epoch": 25, "valid_mrr": seen}
    require_course(tmp_path, EmbeddingConfig(patience=3), **at)
    require_course(tmp_path, EmbeddingConfig(patience=2), epoch=20, valid_mrr=seen[:3])
    with pytest.raises(ConfigError, match=r"went on after 2 looks without .* embed\.patience is 2"):
        require_course(tmp_path, EmbeddingConfig(patience=2), **at)


def test_an_encoder_that_holds_what_the_run_kept_goes_on(tmp_path):
    encoder, config = network(), EmbeddingConfig(**SHORT)
    given = {"config": config, "checkpoint": tmp_path / "state"}
    with pytest.raises(KeyboardInterrupt):
        train_embedding(encoder, graph(), on_look=interrupt, **given)
    report = train_embedding(encoder, graph(), **given)
    whole = network()
    assert report.losses == train_embedding(whole, graph(), config=config).losses
    assert torch.equal(encoder.entity_table, whole.entity_table)
    with torch.no_grad():
        encoder.entity_table.add_(0.5)
    with pytest.raises(ConfigError, match="holds a run that began with other weights"):
        train_embedding(encoder, graph(), **given)


def test_a_part_of_an_epoch_is_none_to_go_on_from(tmp_path):
    config, steps = EmbeddingConfig(**SHORT), []
    num_steps = -(-2 * len(RING) // 16)
    run_on(
        tmp_path / "state",
        config=config,
        on_step=lambda: steps.append(0) or len(steps) == 2 * num_steps + 1,
    )
    report, whole = run_on(tmp_path / "state", config=config), run_on(None, config=config)
    assert (report.losses, report.valid_mrr) == (whole.losses, whole.valid_mrr)


def test_two_runs_that_write_one_checkpoint_are_told(tmp_path):
    settings = {"epochs": 100_000, "batch_size": 8, "valid_every": 1, "candidates": "all"}
    command = [sys.executable, "-c", PROGRAM, repr(settings), "0", str(tmp_path / "state")]
    other = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        wait_for(tmp_path / "state" / "lichen.json", other)
        said = (
            rf"^{tmp_path}/state: must be written by one run at a time, and another is .* ended\.$"
        )
        with pytest.raises(ConfigError, match=said):
            train_embedding(
                GraphEncoder("complex", graph(), dim=8), graph(), checkpoint=tmp_path / "state"
            )
        assert other.poll() is None
    finally:
        other.kill()
        other.communicate()
    with alone(checkpoint(tmp_path / "state")):  # the lock of a killed run is none
        assert (tmp_path / ".state.lock").exists()
    assert not (tmp_path / ".state.lock").exists()


def test_a_lock_that_its_holder_removed_meanwhile_is_taken_anew(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    lock, flock, removed = tmp_path / ".state.lock", fcntl.flock, []

    def end_first(file, how):
        if not removed:
            removed.append(lock.unlink())
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", end_first)
    with (
        alone(checkpoint(tmp_path / "state")),
        pytest.raises(ConfigError, match="another is"),
        alone(checkpoint(tmp_path / "state")),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_to_is_told_before_anything_is_trained(monkeypatch):
    monkeypatch.setattr("lichen.embedding.trainer._Run._epoch", None)
    said = r"^/proc/none/state: must be a folder to write to, and .* Give another folder\.$"
    with pytest.raises(LichenError, match=said):
        run_on("/proc/none/state", config=EmbeddingConfig(**SHORT))


def test_a_file_system_without_locks_is_written_to_all_the_same(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def no_locks(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    run_on(tmp_path / "state", config=EmbeddingConfig(**SHORT))
    assert [p.name for p in tmp_path.iterdir()] == ["state"]


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
    wait_for(tmp_path / "cut" / "lichen.json", cut)
    cut.send_signal(signal.SIGKILL)
    cut.communicate()
    assert not (tmp_path / "cut-done").exists()
    for running in [start("cut"), start("whole")]:
        _, told = running.communicate(timeout=120)
        assert running.returncode == 0, told
    whole, again = (GraphEncoder.load(tmp_path / f"{x}-done") for x in ("whole", "cut"))
    assert torch.equal(again.vectors(), whole.vectors())
    assert torch.equal(again.relation_table, whole.relation_table)


def wait_for(path, running):
    """Wait until a program has written a file."""
    deadline = time.monotonic() + 90
    while not path.exists() and time.monotonic() < deadline:
        assert running.poll() is None, running.stderr.read()
        time.sleep(0.02)
