"""Several processes to one training run, over torch.distributed; one process is a team of one."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor


class Team:
    """The processes that train together, each on its share of every batch.

    All hold the same vectors and draw the same batches; gradients are added up, so that a team
    takes the steps that one process would.
    """

    def __init__(self) -> None:
        together = dist.is_available() and dist.is_initialized()
        self.size: int = dist.get_world_size() if together else 1
        self.rank: int = dist.get_rank() if together else 0
        is_gpu = together and dist.get_backend() == "nccl"
        self.device = torch.device("cuda" if is_gpu else "cpu")

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """Return this process's part of a batch, `(b,)` -> `(about b / size,)`."""
        return batch if self.size == 1 else batch[self.rank :: self.size]

    def add(self, tensor: Tensor) -> None:
        """Replace a tensor by its sum over the team."""
        if self.size > 1:
            dist.all_reduce(tensor)

    def add_number(self, number: float) -> float:
        """Return the sum of a number over the team."""
        if self.size == 1:
            return number
        total = torch.tensor(number, dtype=torch.float64, device=self.device)
        dist.all_reduce(total)
        return float(total)

    def average(self, tensor: Tensor) -> None:
        """Replace a tensor of real numbers by its mean over the team."""
        if self.size > 1:
            dist.all_reduce(tensor)
            tensor /= self.size

    def first(self, number: float) -> float:
        """Return what the first member holds, so that all decide alike by it."""
        if self.size == 1:
            return number
        held = torch.tensor(number, dtype=torch.float64, device=self.device)
        dist.broadcast(held, 0)
        return float(held)

    def gather(self, tensor: Tensor) -> Tensor:
        """Return what every member holds, `(...)` on the CPU -> `(size, ...)`."""
        if self.size == 1:
            return tensor[None]
        mine = tensor.to(self.device)
        every = [torch.empty_like(mine) for _ in range(self.size)]
        dist.all_gather(every, mine)
        return torch.stack(every).cpu()

    def own(self, gathered: Tensor) -> Tensor | None:
        """Return a copy of this member's part of what `gather` returned; None: it was not there."""
        return gathered[self.rank].clone() if self.rank < len(gathered) else None

    def join(self, rows: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Return the distinct rows that any member used, and the sum of each one's gradients.

        Args:
            rows: `(used,)` distinct ints; members may use different ones.
            gradient: `(used, width)`
        """
        if self.size == 1:
            return rows, gradient
        counts = [rows.new_zeros(1) for _ in range(self.size)]
        dist.all_gather(counts, rows.new_tensor([len(rows)]))
        most = int(max(counts))
        padded_rows = rows.new_zeros(most)
        padded_rows[: len(rows)] = rows
        padded = gradient.new_zeros(most, gradient.shape[1])
        padded[: len(rows)] = gradient
        all_rows = [torch.empty_like(padded_rows) for _ in counts]
        all_gradients = [torch.empty_like(padded) for _ in counts]
        dist.all_gather(all_rows, padded_rows)
        dist.all_gather(all_gradients, padded)
        kept = [slice(0, int(count)) for count in counts]
        together = torch.cat([x[k] for x, k in zip(all_rows, kept, strict=True)])
        gradients = torch.cat([x[k] for x, k in zip(all_gradients, kept, strict=True)])
        distinct, place = torch.unique(together, return_inverse=True)
        total = gradients.new_zeros(len(distinct), gradients.shape[1])
        return distinct, total.index_add_(0, place, gradients)
