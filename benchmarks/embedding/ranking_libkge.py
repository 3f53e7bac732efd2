"""Vectors and facts to ranks by LibKGE, in a process of its own; run by `ranking.py`.

It needs LibKGE and torch alone. LibKGE comes from its source, since pip has none; with numpy 2 it
starts with ax-platform 0.4.3, botorch 0.12.0, gpytorch 1.13 and linear_operator 0.5.3. Its index
of known answers is made, and compiled, before the clock starts. Ties are told to be exact and the
ranks pessimistic.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kge import Config, Dataset
from kge.job import EntityRankingJob
from kge.model import KgeModel
from memory import fresh_peak, memory_mb

SPLITS = ("train", "valid", "test")
SETTINGS = {
    "eval.split": "test",
    "eval.batch_size": 500,
    "entity_ranking.chunk_size": 1000,
    "entity_ranking.filter_splits": list(SPLITS),
    "entity_ranking.tie_handling.type": "worst_rank",
    "entity_ranking.tie_handling.atol": "0",
    "entity_ranking.tie_handling.rtol": "0",
}
"""Batch and chunk: the fastest of fourteen pairs that were tried, LibKGE's defaults among them."""


def data_of(
    folder: str, facts: dict[str, np.ndarray[Any, Any]], sizes: list[int], settings: dict[str, Any]
) -> tuple[Config, Dataset]:
    """Write facts as LibKGE reads them, and return its settings and data.

    Args:
        folder: where LibKGE keeps all it writes.
        facts: by split, rows of head, relation, tail.
        sizes: numbers of entities and relations.
        settings: LibKGE's, by key.
    """
    for split, rows in facts.items():
        np.savetxt(Path(folder) / f"{split}.del", rows, fmt="%d", delimiter="\t")
    told = dict(zip(("num_entities", "num_relations"), sizes, strict=True))
    text = json.dumps({"dataset": {**told, "pickle": False}})
    (Path(folder) / "dataset.yaml").write_text(text, encoding="utf-8")
    config = Config(folder=folder)
    config.set("console.quiet", value=True)
    config.set("job.device", "cpu")
    config.set("model", "distmult")
    config.load_options({"import": ["distmult"]})
    for key, value in settings.items():
        config.set(key, value, create=True)
    return config, Dataset.create(config, preload_data=False, folder=folder)


class Ranks:
    """Keeps the ranks that LibKGE only counts; it calls this for all and then without known."""

    def __init__(self) -> None:
        self.heads: list[torch.Tensor] = []
        self.tails: list[torch.Tensor] = []

    def __call__(self, _counts: Any, *of_batch: Any, **_: Any) -> None:
        """Keep the ranks of a batch; LibKGE's begin at 0."""
        *_facts, heads, tails = of_batch
        self.heads.append(heads + 1)
        self.tails.append(tails + 1)


def main(given: str, out: str) -> dict[str, Any]:
    """Rank the facts in the file and write the ranks."""
    data, kept = np.load(given), Ranks()
    sizes = [len(data["entities"]), len(data["relations"])]
    settings = {**SETTINGS, "lookup_embedder.dim": data["entities"].shape[1]}
    with tempfile.TemporaryDirectory() as folder:
        config, facts = data_of(folder, {k: data[k] for k in SPLITS}, sizes, settings)
        model = KgeModel.create(config, facts)
        with torch.no_grad():
            for table, name in (
                (model.get_s_embedder(), "entities"),
                (model.get_p_embedder(), "relations"),
            ):
                (weight,) = table.parameters()
                weight.copy_(torch.from_numpy(data[name]))
        for key in (f"{split}_{way}" for split in SPLITS for way in ("sp_to_o", "po_to_s")):
            facts.index(key).get_all(facts.split("test")[:1, :2])  # compiles it
        job = EntityRankingJob(config, facts, parent_job=None, model=model)
        job.hist_hooks.append(kept)
        before, started = fresh_peak(), time.perf_counter()
        found = job.run()
        seconds, peak = time.perf_counter() - started, memory_mb("VmHWM")
    np.savez(
        out,
        head_pessimistic=torch.cat(kept.heads[1::2]),
        tail_pessimistic=torch.cat(kept.tails[1::2]),
    )
    mrr = found["mean_reciprocal_rank_filtered"]
    return {"seconds": seconds, "mrr": mrr, "before_mb": before, "peak_mb": peak}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
