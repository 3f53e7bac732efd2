import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import save_file

from lichen.base.errors import ConfigError, LichenError
from lichen.training.spawned import fit_shared, require_divided


@dataclass
class Summed:
    figures: dict
    total: torch.Tensor

    def save(self, folder):
        save_file({"total": self.total}, Path(folder, "sum.safetensors"))


@dataclass
class Sum:
    """Adds up what each process says."""

    dies: bool = False

    def fit(self, part):
        if self.dies and part.rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        total = torch.tensor([float(part.rank + 1)])
        dist.all_reduce(total)
        return Summed({"rank": part.rank, "of": part.processes}, total)


@pytest.fixture(autouse=True)
def _found_by_others(monkeypatch):
    """Let other processes find this module."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2])


def test_processes_meet_and_the_first_tells_what_came_of_it():
    figures, weights = fit_shared(Sum(), 2, weights="sum.safetensors")
    assert figures == {"rank": 0, "of": 2}
    assert weights["total"].tolist() == [3.0]


def test_a_process_that_dies_is_one_clear_line():
    with pytest.raises(LichenError, match=r"^processes: all 2 must live to the end") as error:
        fit_shared(Sum(dies=True), 2, weights="sum.safetensors")
    assert "\n" not in str(error.value)


def test_what_cannot_be_divided_is_one_clear_line():
    cpu = torch.device("cpu")
    require_divided(2, device=cpu, sizes={"a": 4})
    require_divided(1, device=torch.device("cuda"), sizes={"a": 3})
    with pytest.raises(ConfigError, match=r"processes must divide a \(3\); got 2"):
        require_divided(2, device=cpu, sizes={"b": 4, "a": 3})
    with pytest.raises(ConfigError, match="processes must be 1 for a model on cuda; got 2"):
        require_divided(2, device=torch.device("cuda"), sizes={})
    with pytest.raises(ConfigError, match="processes must be between 1 and 1024; got 0"):
        require_divided(0, device=cpu, sizes={})
