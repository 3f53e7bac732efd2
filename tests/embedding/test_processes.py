import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from lichen.base.errors import ConfigError, LichenError
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.described import DescribedEncoder
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.processes import train_in_processes
from lichen.embedding.trainer import train_embedding

RING = [(f"e{i}", r, f"e{(i + k) % 30}") for i in range(30) for r, k in (("next", 1), ("far", 7))]
PROGRAM = """
import signal, sys
import lichen as li
from lichen.embedding.processes import train_in_processes

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a script's background jobs have it
    ring = [(f"e{i}", "next", f"e{(i + 1) % 30}") for i in range(30)]
    graph = li.Graph.from_triples(ring)
    config = li.EmbeddingConfig(epochs=100_000, valid_every=1, batch_size=8)
    encoder = li.GraphEncoder("complex", graph, dim=8)
    train_in_processes(encoder, graph, processes=2, config=config, checkpoint=sys.argv[1])
"""


def test_two_processes_reach_what_one_reaches():
    graph = Graph.from_triples(RING, splits={"valid": RING[:10]})
    config = EmbeddingConfig(epochs=6, batch_size=32, candidates="all", valid_every=2)
    one, two = (GraphEncoder("complex", graph, dim=16) for _ in range(2))
    expected = train_embedding(one, graph, config=config)
    found = train_in_processes(two, graph, processes=2, config=config)
    torch.testing.assert_close(two.vectors(), one.vectors(), rtol=1e-3, atol=1e-4)
    assert found.losses == pytest.approx(expected.losses, rel=1e-4)
    assert found.valid_mrr == pytest.approx(expected.valid_mrr, abs=0.02)
    assert found.best_epoch == expected.best_epoch


def test_an_error_in_a_process_is_told_in_its_own_words():
    graph = Graph.from_triples(RING)
    encoder = GraphEncoder("complex", graph, dim=4)
    with torch.no_grad():
        encoder.entity_table.fill_(1e30)  # a product of two is no float32
    with pytest.raises(LichenError, match=r"^embedding: the loss must be a number"):
        train_in_processes(encoder, graph, processes=2)
    with pytest.raises(ConfigError, match="processes must be between"):
        train_in_processes(encoder, graph, processes=0)
    with pytest.raises(ConfigError, match=r"processes must be a whole number .*; got 1\.5"):
        train_in_processes(encoder, graph, processes=1.5)


def test_an_encoder_that_computes_its_vectors_is_refused_before_a_process_starts(monkeypatch):
    graph = Graph.from_triples(RING)
    features = torch.ones(graph.num_entities, 3)
    encoder = DescribedEncoder("complex", graph, features=features, dim=4)
    monkeypatch.setattr("lichen.embedding.processes.spawn", None)
    with pytest.raises(ConfigError, match=r"learns each vector by itself; got DescribedEncoder\."):
        train_in_processes(encoder, graph, processes=2)


def running_under(parent):
    """Return the processes that one started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, started_by = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it ended meanwhile
            continue
        if state != "Z" and int(started_by) == parent:
            found.append(int(stat.parent.name))
    return found


def is_running(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are read from /proc")
def test_workers_end_with_a_parent_that_was_killed_where_interrupts_are_ignored(tmp_path):
    program, state = tmp_path / "program.py", tmp_path / "state"
    program.write_text(PROGRAM)
    parent = subprocess.Popen([sys.executable, program, state], stderr=subprocess.PIPE)
    workers = []
    try:
        deadline = time.monotonic() + 90
        while not (state / "lichen.json").exists() and time.monotonic() < deadline:
            assert parent.poll() is None, parent.stderr.read()
            time.sleep(0.05)
        workers = running_under(parent.pid)
        assert len(workers) >= 2
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        deadline = time.monotonic() + 30
        while any(map(is_running, workers)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not [x for x in workers if is_running(x)]
    finally:
        parent.kill()
        parent.stderr.close()
        for left in filter(is_running, workers):
            os.kill(left, signal.SIGKILL)
