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
for name, scorer, settings in (
    ("all", "complex", {"relation_weight": 0.1}),
    ("sampled", "complex", {"relation_weight": 0.1}),
    ("pool", "complex", {}),
    ("all", "tucker", {}),
):
    encoder = li.GraphEncoder(scorer, graph, dim=16)
    config = li.EmbeddingConfig(  # of 160 items the last batch holds one
        epochs=4, batch_size=53, candidates=name, negatives=16, **settings
    )
    report = train_embedding(encoder, graph, config=config)
    if team.is_first:
        kept = (encoder.vectors().detach(), report.losses)
        torch.save(kept, f"{sys.argv[2]}/{name}-{scorer}.pt")
if team.size > 1:
    dist.barrier()
    dist.destroy_process_group()
"""
LOOKS = """
import sys
import torch, torch.distributed as dist
import lichen as li
from lichen.embedding.trainer import train_embedding
torch.set_num_threads(1)
dist.init_process_group("gloo")
ring = [(f"e{i}", r, f"e{(i + k) % 30}") for i in range(30) for r, k in (("next", 1), ("far", 7))]
graph = li.Graph.from_triples(ring[::2] + ring[1:30:2], splits={"valid": ring[31::2]})
config = li.EmbeddingConfig(epochs=40, batch_size=16, valid_every=1, patience=4, decay=0.9)
report = train_embedding(li.GraphEncoder("conve", graph, dim=24), graph, config=config)
print("looks", report.valid_mrr, "best", report.best_epoch)
dist.barrier()
dist.destroy_process_group()
"""
CUT = """
import os, sys
import torch, torch.distributed as dist
import lichen as li
from lichen.embedding.checkpoint import Checkpoint
from lichen.embedding.team import Team
from lichen.embedding.trainer import train_embedding
torch.set_num_threads(1)
dist.init_process_group("gloo")
folder, told = sys.argv[1:]
ring = [(f"e{i}", r, f"e{(i + k) % 40}") for i in range(40) for r, k in (("next", 1), ("far", 7))]
graph = li.Graph.from_triples(ring)
write = Checkpoint.write

def write_and_die(*given):
    write(*given)
    os._exit(0)

def train(name, checkpoint):
    encoder = li.GraphEncoder("conve", graph, dim=24)
    config = li.EmbeddingConfig(epochs=6, batch_size=31, valid_every=2, dropout=0.3)
    torch.manual_seed(7)
    report = train_embedding(encoder, graph, config=config, checkpoint=checkpoint)
    if Team().is_first:
        torch.save((encoder.vectors().detach(), report.losses), f"{folder}/{name}.pt")

if told == "cut":
    Checkpoint.write = write_and_die
train(told, f"{folder}/state")
train("whole", None)
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
    team.average(gradient)
    assert torch.equal(gradient, torch.ones(5, 2))
    assert team.first(0.5) == 0.5
    assert torch.equal(team.own(team.gather(batch)), batch)
    assert team.own(batch[None][:0]) is None


def run_team(program, size, *arguments):
    """Run a program in as many processes, and return each one's return code and output."""
    port = str(20_000 + os.getpid() % 20_000)
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": str(size)}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env={**os.environ, **shared, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(size)
    ]
    outputs = [process.communicate(timeout=120)[0] for process in running]
    return [(p.returncode, output) for p, output in zip(running, outputs, strict=True)]


def test_two_processes_take_the_steps_of_one(tmp_path: Path):
    found = {}
    for size in (1, 2):
        folder = tmp_path / str(size)
        folder.mkdir()
        for code, output in run_team(PROGRAM, size, str(size), str(folder)):
            assert code == 0, output
        found[size] = [torch.load(path) for path in sorted(folder.iterdir())]
    assert len(found[1]) == 4
    for one, two in zip(found[1], found[2], strict=True):
        torch.testing.assert_close(one[0], two[0], rtol=1e-3, atol=1e-4)
        assert one[1] == pytest.approx(two[1], rel=1e-4)


def test_processes_see_the_same_at_a_look_where_each_normalises_its_own_share():
    (code, first), (_, second) = run_team(LOOKS, 2)
    assert code == 0, first
    assert first[first.index("looks") :] == second[second.index("looks") :]


def test_each_process_goes_on_with_its_own_dropout(tmp_path: Path):
    for _, output in run_team(CUT, 2, str(tmp_path), "cut"):
        assert "Error" not in output or "by peer" in output, output
    assert (tmp_path / "state").exists()
    for code, output in run_team(CUT, 2, str(tmp_path), "again"):
        assert code == 0, output
    again, whole = (torch.load(tmp_path / f"{x}.pt") for x in ("again", "whole"))
    assert again[1] == whole[1]
    assert torch.equal(again[0], whole[0])
