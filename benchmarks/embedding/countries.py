"""ComplEx on Countries: which of five regions a country lies in, as area under a curve.

24 countries are asked for. S1 tells their subregions, and the regions of these; S2 only their
neighbours, and the regions of these; S3 their neighbours and the subregions of these. Each country
is scored with each region, and all 120 scores make one curve of precision over recall, as in the
code of Sun et al., 2019, whose files are the same.

Run: python benchmarks/embedding/countries.py [--seeds 0 1 2]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from runs import Setting, benchmark_graph, figure_row, seeds_from_command_line, trained, write_rows

from lichen.data.graph import Graph
from lichen.embedding.classify import FactScorer
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder

REGIONS = ("africa", "americas", "asia", "europe", "oceania")
PUBLISHED = {
    "S1": "ComplEx 0.97, RotatE 1.00",
    "S2": "ComplEx 0.57, RotatE 1.00",
    "S3": "ComplEx 0.43, RotatE 0.95",
}
"""Sun et al., 2019, arXiv:1902.10197, table 6; from memory."""
CONFIG = EmbeddingConfig(epochs=200, batch_size=128, n3=0.3, hide_known=False, valid_every=200)
"""The weight of `n3` and the epochs by the area of the validation countries, seeds 10 to 12.

A look at the ranks of 24 facts says little, so all epochs run."""


def average_precision(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Return the area under the steps of precision over recall; equal scores are one step."""
    taken = scores >= np.unique(scores)[::-1, None]
    hits = (taken & truth).sum(axis=1)
    gains = np.diff(hits, prepend=0) / truth.sum()
    return float(gains @ (hits / taken.sum(axis=1)))


@torch.no_grad()
def area(model: FactScorer, graph: Graph, split: str) -> float:
    """Score each country of a split with each region, and return the area."""
    h, r, t = (np.repeat(ids, len(REGIONS)) for ids in graph.split(split).T)
    regions = np.resize(graph.entities.ids(REGIONS), len(h))
    scores = model.score(h, r, regions).numpy(force=True).astype(np.float64)
    return average_precision(scores, regions == t)


def row_of(name: str, seeds: Sequence[int]) -> dict[str, Any]:
    """Train a seed each, and return the row of one of the three sets."""
    setting = Setting(
        data=f"kgc_small/countries/{name}",
        scorer="complex",
        dim=128,
        config=CONFIG,
        published=f"arXiv:1902.10197, from memory: {PUBLISHED[name]}",
    )
    graph = benchmark_graph(setting.data)
    runs = []
    for seed in seeds:
        model, report = trained(setting, graph, seed)
        assert isinstance(model, GraphEncoder)
        areas = {split: round(area(model, graph, split), 5) for split in ("valid", "test")}
        runs.append({"seed": seed, **areas, "train_s": round(report.seconds, 1)})
    return figure_row(
        setting.name,
        "AUC-PR of a country's region among five",
        [run["test"] for run in runs],
        seeds=seeds,
        published=setting.published,
        runs=runs,
        settings=setting.as_row(),
    )


if __name__ == "__main__":
    asked = seeds_from_command_line(__doc__)
    write_rows("countries-complex", [row_of(name, asked) for name in PUBLISHED])
