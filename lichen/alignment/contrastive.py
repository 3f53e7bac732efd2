"""Vectors of two spaces to one in which partners are nearer than strangers, by InfoNCE."""

from __future__ import annotations

from math import log

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from lichen.alignment.aligner import Aligner
from lichen.alignment.shared import SharedAligner
from lichen.alignment.vectors import Vectors
from lichen.base import check

SOFTEST = 100.0
"""Largest factor on cosines, as in CLIP."""
DROPPED = 0.2
"""Share of the hidden numbers dropped in training."""
MEASURED = 4096
"""Most held-back pairs among which an epoch is judged."""


class ContrastiveAligner(Aligner):
    """Learn a map of each side that tells every pair from the other pairs of its batch.

    Each side has a linear map and on it a small tower of one hidden layer; the loss is InfoNCE
    both ways with a learned temperature. The linear maps start from the closed form of
    `SharedAligner`, the towers from zero, so that training starts where that ends. A tenth of
    the pairs is held back, and the epoch at which they are best told apart is kept.

    Use with thousands of pairs and a minute to spare. Below a thousand pairs `SharedAligner`
    recalls more.

    Shapes: source `(..., source_dim)`, target `(..., target_dim)` -> `(..., dim)`, unit length.
    Cost: an epoch compares every pair with `batch_size` others.

    Args:
        source_dim: width of the vectors of one side.
        target_dim: width of those of the other.
        dim: numbers of the common space; fewer when a side is narrower.
        hidden: width of the towers' hidden layers.
        epochs: most passes over the pairs.
        batch_size: pairs a step.
        learning_rate: Adam's.
        seed: of the held-back pairs, the order and the start.

    Raises:
        ConfigError: a width or a setting is out of its bounds.

    References:
        van den Oord et al., 2018, arXiv:1807.03748 (InfoNCE); Radford et al., 2021,
        arXiv:2103.00020, section 2.3 (both ways, temperature learned).
    """

    PAPER = "van den Oord et al., 2018, arXiv:1807.03748; Radford et al., 2021, arXiv:2103.00020"
    NAME = "contrastive"

    def __init__(
        self,
        source_dim: int,
        target_dim: int,
        *,
        dim: int = 256,
        hidden: int = 512,
        epochs: int = 20,
        batch_size: int = 512,
        learning_rate: float = 1e-3,
        seed: int = 0,
    ) -> None:
        check.whole("aligner.dim", dim, 1, 1_000_000)
        check.whole("aligner.hidden", hidden, 1, 1_000_000)
        check.whole("aligner.epochs", epochs, 0, 100_000)
        check.whole("aligner.batch_size", batch_size, 2, 1_000_000)
        check.between("aligner.learning_rate", learning_rate, 0.0, 10.0)
        super().__init__(
            source_dim,
            target_dim,
            dim=dim,
            hidden=hidden,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
        )
        self.dim = min(dim, source_dim, target_dim)
        self.epochs, self.batch_size = epochs, batch_size
        self.learning_rate, self.seed = learning_rate, seed
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.source_map = nn.Linear(source_dim, self.dim)
            self.target_map = nn.Linear(target_dim, self.dim)
            self.source_tower = _tower(self.dim, hidden)
            self.target_tower = _tower(self.dim, hidden)
        self.log_scale = nn.Parameter(torch.tensor(log(10.0)))

    def map_source(self, vectors: Tensor) -> Tensor:
        """Return source vectors in the common space, of unit length."""
        mapped = self.source_map(vectors)
        return normalize(mapped + self.source_tower(mapped), dim=-1)

    def map_target(self, vectors: Tensor) -> Tensor:
        """Return target vectors in the common space, of unit length."""
        mapped = self.target_map(vectors)
        return normalize(mapped + self.target_tower(mapped), dim=-1)

    def fit(self, source: Vectors, target: Vectors) -> ContrastiveAligner:
        """Learn both maps from pairs, as in `Aligner.fit`; it ends in evaluation mode."""
        source, target = self.pairs(source, target)
        draw = torch.Generator().manual_seed(self.seed)
        order = torch.randperm(len(source), generator=draw)
        num_back = min(len(source) // 10, MEASURED)
        back, rows = order[:num_back], order[num_back:]
        self._start(source[rows], target[rows])
        optimiser = torch.optim.Adam(self.parameters(), lr=self.learning_rate)
        best, kept = self._told_apart(source[back], target[back]), self._copy()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            for _ in range(self.epochs):
                shuffled = rows[torch.randperm(len(rows), generator=draw)]
                self._epoch(source, target, shuffled, optimiser)
                found = self._told_apart(source[back], target[back])
                if found >= best:
                    best, kept = found, self._copy()
        self.load_state_dict(kept)
        return self.eval()

    def _epoch(
        self, source: Tensor, target: Tensor, rows: Tensor, optimiser: torch.optim.Optimizer
    ) -> None:
        self.train()
        for batch in torch.split(rows, self.batch_size):
            if len(batch) > 1:
                optimiser.zero_grad()
                torch.autograd.backward(self._loss(source[batch], target[batch]))
                optimiser.step()

    @torch.no_grad()
    def _start(self, source: Tensor, target: Tensor) -> None:
        closed = SharedAligner(self.source_dim, self.target_dim, dim=self.dim)
        closed.fit(source, target)
        for layer, matrix, mean in (
            (self.source_map, closed.source_map, closed.source_mean),
            (self.target_map, closed.target_map, closed.target_mean),
        ):
            layer.weight.copy_(matrix.T)
            layer.bias.copy_(-mean @ matrix)

    def _loss(self, source: Tensor, target: Tensor) -> Tensor:
        scale = self.log_scale.exp().clamp_max(SOFTEST)
        logits = scale * self.source(source) @ self.target(target).T
        truth = torch.arange(len(logits))
        return (cross_entropy(logits, truth) + cross_entropy(logits.T, truth)) / 2

    @torch.no_grad()
    def _told_apart(self, source: Tensor, target: Tensor) -> float:
        """Return minus the mean logarithm of the partner's rank."""
        if not len(source):
            return 0.0
        self.eval()
        scores = self.source(source) @ self.target(target).T
        ranks = (scores >= scores.diagonal()[:, None]).sum(1)
        return -float(ranks.float().log().mean())

    def _copy(self) -> dict[str, Tensor]:
        return {key: value.clone() for key, value in self.state_dict().items()}


def _tower(dim: int, hidden: int) -> nn.Sequential:
    """Return a tower that starts by adding nothing."""
    last = nn.Linear(hidden, dim, bias=False)
    nn.init.zeros_(last.weight)
    return nn.Sequential(nn.Linear(dim, hidden), nn.GELU(), nn.Dropout(DROPPED), last)
