import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lichen.embedding.team import Team

PROGRAM = """
import os, sys
import torch, torch.distributed as dist
import lichen as li
from lichen.embedding.team import Team
from lichen.embedding.trainer import train_embedding
torch.set_num_threads(1)
if sys.argv[1] != "1":
    dist.init_process_group("gloo")
team = Team()
rows, gradient = torch.arange(team.rank + 1), torch.full((team.rank + 1, 2), float(team.rank + 1))
joined = team.join(rows, gradient)
if team.size == 2:
    assert joined[0].tolist() == [0, 1] and joined[1][:, 0].tolist() == [3.0, 2.0]
ring = [(f"e{i}", r, f"e{(i + k) % 40}") for i in range(40) for r, k in (("next", 1), ("far", 7))]
graph = li.Graph.from_triples(ring)
for candidates in ("all", "sampled"):
    encoder = li.GraphEncoder("complex", graph, dim=16)
    config = li.EmbeddingConfig(
        epochs=4, batch_size=32, candidates=candidates, negatives=16, relation_weight=0.1
    )
    report = train_embedding(encoder, graph, config=config)
    if team.is_first:
        torch.save((encoder.vectors().detach(), report.losses), f"{sys.argv[2]}/{candidates}.pt")
if team.size > 1:
    dist.barrier()
    dist.destroy_process_group()
"""


def test_one_process_is_a_team_of_one():
    team = Team()
    assert (team.size, team.rank, team.is_first) == (1, 0, True)
    batch, gradient = torch.arange(5), torch.ones(5, 2)
    assert team.share(batch) is batch
    team.add(gradient)
    assert torch.equal(gradient, torch.ones(5, 2))
    assert team.add_number(2.5) == 2.5
    assert team.join(batch, gradient) == (batch, gradient)


def test_two_processes_take_the_steps_of_one(tmp_path: Path):
    found = {}
    for size in ("1", "2"):
        folder = tmp_path / size
        folder.mkdir()
        command = [sys.executable, "-c", PROGRAM, size, str(folder)]
        port = str(20_000 + os.getpid() % 20_000)
        shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": size}
        running = [
            subprocess.Popen(
                command,
                env={**os.environ, **shared, "RANK": str(rank)},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for rank in range(int(size))
        ]
        for process in running:
            output, _ = process.communicate(timeout=120)
            assert process.returncode == 0, output
        found[size] = [torch.load(folder / f"{x}.pt") for x in ("all", "sampled")]
    for one, two in zip(found["1"], found["2"], strict=True):
        torch.testing.assert_close(one[0], two[0], rtol=1e-3, atol=1e-4)
        assert one[1] == pytest.approx(two[1], rel=1e-4)
