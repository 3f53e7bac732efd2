"""A large graph embedding to a small one: the student with its teacher, alone, and the teacher.

Run: python benchmarks/fusion/small_vectors.py [--data umls ...]
"""

from __future__ import annotations

import argparse
import statistics
import sys
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from embedding.runs import T_95, data_folder
from figures import SEEDS, Row, row, write

from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.distil import DistilConfig, distil_embedding
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import evaluate
from lichen.embedding.trainer import train_embedding


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One graph with the sizes of teacher and student."""

    folder: str
    dims: tuple[int, int]
    teacher: EmbeddingConfig
    student: DistilConfig


SETTINGS = {
    "umls": Setting(
        folder="kgc_small/umls",
        dims=(128, 8),
        teacher=EmbeddingConfig(epochs=60, batch_size=256, n3=0.01, hide_known=False),
        student=DistilConfig(epochs=60, batch_size=128),
    ),
    "codex-s": Setting(
        folder="kgc_codex_s",
        dims=(128, 16),
        teacher=EmbeddingConfig(epochs=25, n3=0.01, hide_known=False),
        student=DistilConfig(epochs=25, batch_size=512),
    ),
}


def main() -> None:
    """Train teacher, distilled student and plain student for every seed; write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    for name in parser.parse_args().data:
        write(f"distil-vectors-{name}", measure(name, SETTINGS[name]))


def measure(name: str, setting: Setting) -> list[Row]:
    """Return the rows of one graph."""
    graph = Graph.load(data_folder(setting.folder))
    large, small = setting.dims
    found: dict[str, list[float]] = {}
    for seed in SEEDS:
        teacher = GraphEncoder("complex", graph, dim=large, seed=seed)
        train_embedding(teacher, graph, config=replace(setting.teacher, seed=seed))
        students = {
            f"teacher, dim {large}": teacher,
            f"dim {small}, distilled": taught(teacher, graph, setting, seed),
            f"dim {small}, facts alone": plain(graph, setting, seed),
        }
        for kind, encoder in students.items():
            found.setdefault(kind, []).append(evaluate(encoder, graph).both.mrr)
        print(name, "seed", seed, {k: round(v[-1], 4) for k, v in found.items()}, flush=True)
    kinds = list(found)
    gain = [a - b for a, b in zip(found[kinds[1]], found[kinds[2]], strict=True)]
    rows = [spread(name, f"MRR, {kind}", values) for kind, values in found.items()]
    return [*rows, spread(name, "MRR, distilled over facts alone", gain)]


def taught(teacher: GraphEncoder, graph: Graph, setting: Setting, seed: int) -> GraphEncoder:
    """Return a student of the teacher."""
    student = GraphEncoder("complex", graph, dim=setting.dims[1], seed=seed)
    distil_embedding(teacher, student, graph, config=replace(setting.student, seed=seed))
    return student


def plain(graph: Graph, setting: Setting, seed: int) -> GraphEncoder:
    """Return a small encoder trained as the teacher was."""
    student = GraphEncoder("complex", graph, dim=setting.dims[1], seed=seed)
    train_embedding(student, graph, config=replace(setting.teacher, seed=seed))
    return student


def spread(name: str, metric: str, values: list[float]) -> Row:
    """Return the row of a mean over the seeds, with Student's interval."""
    mean = statistics.fmean(values)
    half = T_95[len(values)] * statistics.stdev(values) / len(values) ** 0.5
    return row(f"distilled vectors, {name}", metric, mean, (mean - half, mean + half))


if __name__ == "__main__":
    main()
