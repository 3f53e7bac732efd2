"""A link-prediction setting and some seeds to one row: figures, interval, seconds, machine.

Runs are kept as they finish, so a call that was cut short goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lichen.data.graph import Graph
from lichen.embedding.checkpoint import remove_checkpoint
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import Ranker, evaluate
from lichen.embedding.gnn.encoder import GraphNetwork
from lichen.embedding.path.config import PathConfig
from lichen.embedding.path.model import PathModel
from lichen.embedding.path.train import train_paths
from lichen.embedding.trainer import TrainReport, train_embedding

HERE = Path(__file__).resolve()
ROWS = HERE.parents[1] / "rows"
RUNS = HERE.parents[2] / "runs" / "embedding"
T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 10: 2.262}
"""Student's t for a 95 % interval of the mean, by number of seeds."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One data set with one method and its settings."""

    data: str
    """Folder under LICHEN_DATA."""
    scorer: str
    """Key of the scorer; "paths" is the path model, which has none."""
    dim: int
    config: EmbeddingConfig | PathConfig
    published: str
    """The figure to compare with, and who printed it."""
    floor: float | None = None
    """Below it something broke: the print where ours is over it, else what we got less a little."""
    options: dict[str, Any] = field(default_factory=dict)
    """The scorer's own settings, or the path model's; with "layers", those of a graph network."""

    @property
    def name(self) -> str:
        """Return what the row is called."""
        layers = self.options.get("layers")
        return f"{self.data} {self.scorer}" + (f" {layers}" if layers else "")

    @property
    def path(self) -> Path:
        """Return the file of the row."""
        return ROWS / (self.name.replace("/", "-").replace(" ", "-") + ".json")

    def as_row(self) -> dict[str, Any]:
        """Return the settings as the row keeps them; the seed is each run's own."""
        config = asdict(self.config)
        del config["seed"]
        return {"dim": self.dim, **self.options, **config}


def data_folder(name: str) -> Path:
    """Return a benchmark's folder under LICHEN_DATA, or stop with what to do."""
    base = Path(os.environ.get("LICHEN_DATA", HERE.parents[3] / "shared" / "data"))
    if not (base / name).is_dir():
        raise SystemExit(f"{base / name}: no such folder. Set LICHEN_DATA to the benchmark data.")
    return base / name


def benchmark_graph(name: str) -> Graph:
    """Return a benchmark's graph; background facts, where it has some, are trained on as well."""
    graph = Graph.load(data_folder(name))
    splits = dict(graph.splits)
    if "facts" in splits:
        splits["train"] = np.sort(np.concatenate([splits.pop("facts"), splits["train"]]))
    return replace(graph, splits=splits)


def seeds_from_command_line(doc: str | None) -> list[int]:
    """Return the seeds asked for; three by default."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    asked: list[int] = parser.parse_args().seeds
    return asked


def measure(setting: Setting, seeds: Sequence[int]) -> dict[str, Any]:
    """Train and rank once a seed, where that is not done yet, write the row, and return it.

    What another call wrote meanwhile, of other seeds, is kept.
    """
    graph, runs = None, _kept(setting)
    for seed in seeds:
        if seed in [run["seed"] for run in runs]:
            continue
        graph = graph or benchmark_graph(setting.data)
        run = _one(setting, graph, seed)
        runs = sorted([*_kept(setting), run], key=lambda run: run["seed"])
        ROWS.mkdir(exist_ok=True)
        setting.path.write_text(json.dumps(_row(setting, runs), indent=1) + "\n", encoding="utf-8")
    row = _row(setting, runs)
    print(f"{row['benchmark']}: MRR {row['mean']:.4f} {row['interval']}; {setting.published}")
    return row


def _kept(setting: Setting) -> list[dict[str, Any]]:
    """Return the runs that there are of a setting; a field they do not name had its default."""
    if not setting.path.is_file():
        return []
    have = json.loads(setting.path.read_text(encoding="utf-8"))
    settings = asdict(type(setting.config)()) | have["settings"]
    del settings["seed"]
    runs: list[dict[str, Any]] = have["runs"]
    return runs if settings == setting.as_row() else []


def _row(setting: Setting, runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "benchmark": setting.name,
        "metric": "filtered MRR, both sides, realistic ties, unseen entities kept",
        **spread([run["mrr"] for run in runs]),
        "published": setting.published,
        "seeds": [run["seed"] for run in runs],
        "runs": runs,
        "settings": setting.as_row(),
        "machine": machine(),
        "commit": commit(),
    }


def trained(
    setting: Setting, graph: Graph, seed: int
) -> tuple[GraphEncoder | PathModel, TrainReport]:
    """Train a model of a setting, and keep it with the seconds that it took."""
    model: GraphEncoder | PathModel
    folder = _folder(setting, seed)
    if isinstance(setting.config, PathConfig):
        model = PathModel(graph, dim=setting.dim, seed=seed, **setting.options)
        config = replace(setting.config, seed=seed)
        state = folder.with_name(f"{folder.name}-state")
        report = train_paths(model, graph, config=config, checkpoint=state)
        model.save(folder)
        remove_checkpoint(state)
    else:
        kind = GraphNetwork if "layers" in setting.options else GraphEncoder
        model = kind(setting.scorer, graph, dim=setting.dim, seed=seed, **setting.options)
        report = train_embedding(model, graph, config=replace(setting.config, seed=seed))
        model.save(folder)
    _seconds_file(folder).write_text(json.dumps(round(report.seconds, 1)), encoding="utf-8")
    return model, report


def kept_model(setting: Setting, graph: Graph, seed: int) -> GraphEncoder | PathModel:
    """Return a trained model, from where the last run with these settings left it."""
    folder = _folder(setting, seed)
    if folder.is_dir():
        is_paths = isinstance(setting.config, PathConfig)
        return PathModel.load(folder, graph) if is_paths else GraphEncoder.load(folder)
    model, report = trained(setting, graph, seed)
    print(f"{setting.name}, seed {seed}: {report}", flush=True)
    return model


def train_seconds(setting: Setting, seed: int) -> float | None:
    """Return how long the training of a kept model took; None where nothing tells."""
    told = _seconds_file(_folder(setting, seed))
    return float(json.loads(told.read_text(encoding="utf-8"))) if told.is_file() else None


def _seconds_file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-seconds.json")


def _folder(setting: Setting, seed: int) -> Path:
    told = json.dumps(setting.as_row(), sort_keys=True).encode()
    return RUNS / f"{setting.name}-{seed}-{hashlib.sha256(told).hexdigest()[:8]}"


def _one(setting: Setting, graph: Graph, seed: int) -> dict[str, Any]:
    model, report = trained(setting, graph, seed)
    figures = ranking_figures(model, graph)
    print(f"seed {seed}: MRR {figures['mrr']:.4f}; {report}", flush=True)
    return {
        "seed": seed,
        **figures,
        "valid_mrr": [round(x, 5) for x in report.valid_mrr],
        "epochs": report.epochs,
        "best_epoch": report.best_epoch,
        "train_s": round(report.seconds, 1),
    }


def ranking_figures(model: Ranker, graph: Graph) -> dict[str, Any]:
    """Rank the test facts of a graph: the figures of a run, and the seconds that it took."""
    started = time.perf_counter()
    found = evaluate(model, graph)
    ranking_s = time.perf_counter() - started
    return {
        "mrr": round(found.both.mrr, 5),
        "hits": {str(k): round(v, 5) for k, v in found.both.hits.items()},
        "mean_rank": round(found.both.mean_rank, 2),
        "mrr_tails": round(found.tails.mrr, 5),
        "mrr_heads": round(found.heads.mrr, 5),
        "num_queries": found.both.num_queries,
        "num_unseen": found.num_unseen,
        "ranking_s": round(ranking_s, 2),
    }


def figure_row(
    benchmark: str,
    metric: str,
    values: Sequence[float],
    *,
    seeds: Sequence[int],
    published: str = "",
    **more: Any,
) -> dict[str, Any]:
    """Return the row of a figure, one value a seed, and show it; `more` are further fields."""
    row = {
        "benchmark": benchmark,
        "metric": metric,
        **spread(values),
        "published": published,
        "seeds": list(seeds),
        "values": [round(x, 5) for x in values],
        **more,
        "machine": machine(),
        "commit": commit(),
    }
    print(f"{benchmark}: {metric} {row['mean']} {row['interval']}; {published}", flush=True)
    return row


def write_rows(name: str, rows: list[dict[str, Any]]) -> None:
    """Write some rows to a file of their own."""
    text = json.dumps(rows, indent=1) + "\n"
    (ROWS / f"{name}.json").write_text(text, encoding="utf-8")


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Return mean and 95 % interval of a figure, one value a seed."""
    mean = statistics.fmean(values)
    if len(values) not in T_95:
        return {"mean": round(mean, 5), "interval": None}
    half = T_95[len(values)] * statistics.stdev(values) / len(values) ** 0.5
    return {"mean": round(mean, 5), "interval": [round(mean - half, 5), round(mean + half, 5)]}


def machine() -> dict[str, Any]:
    """Return what a timing depends on; nothing names this machine."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "model": models[0] if models else platform.processor(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def commit() -> str:
    """Return the commit, with "+changes" when the package differs from it."""
    commit = _git("rev-parse", "HEAD") or "unknown"
    return commit + ("+changes" if _git("status", "--porcelain", "--", "lichen") else "")


def _git(*words: str) -> str:
    found = subprocess.run(
        ["git", *words], cwd=HERE.parents[2], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()
