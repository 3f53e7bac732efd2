"""The embedding benchmark's own program on a tiny graph; nothing is written into the repository."""

import importlib
import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lichen.data.graph import Graph
from lichen.embedding.evaluate import evaluate

FOLDER = Path(__file__).parent.parent / "benchmarks" / "embedding"
WAYS = {"east": (1, 0), "west": (-1, 0), "south": (0, 1), "north": (0, -1)}
SIDE = 5
CHANCE = sum(1 / rank for rank in range(1, SIDE**2 + 1)) / SIDE**2
"""MRR of random ranks among all entities."""
FIELDS = {
    *("benchmark", "metric", "mean", "interval", "published", "seeds", "runs", "settings"),
    *("machine", "commit"),
}
RUN_FIELDS = {
    *("seed", "mrr", "hits", "mean_rank", "mrr_tails", "mrr_heads", "num_queries", "num_unseen"),
    *("valid_mrr", "epochs", "best_epoch", "train_s", "ranking_s"),
}


def write_graph(folder):
    """Write the steps between the fields of a board without edges, a fifth held out."""
    facts = [
        f"{x},{y}\t{way}\t{(x + dx) % SIDE},{(y + dy) % SIDE}\n"
        for x in range(SIDE)
        for y in range(SIDE)
        for way, (dx, dy) in WAYS.items()
    ]
    random.Random(0).shuffle(facts)
    folder.mkdir(parents=True)
    for split, lines in (("train", facts[20:]), ("valid", facts[:10]), ("test", facts[10:20])):
        (folder / f"{split}.tsv").write_text("".join(lines), encoding="utf-8")


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Give the program with its settings of two methods on a tiny graph."""
    write_graph(tmp_path / "data" / "board")
    monkeypatch.setenv("LICHEN_DATA", str(tmp_path / "data"))
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in ("runs", "published"):  # as scripts do, they go by short names
        monkeypatch.delitem(sys.modules, name, raising=False)
    program = importlib.import_module("published")
    runs = sys.modules["runs"]
    monkeypatch.setattr(runs, "ROWS", tmp_path / "rows")
    monkeypatch.setattr(runs, "RUNS", tmp_path / "runs")
    own = {s.scorer: s for s in program.SETTINGS if s.data == "kgc_wn18rr"}
    vectors = replace(own["complex"].config, epochs=8, negatives=24, batch_size=16)
    paths = replace(own["paths"].config, epochs=5)
    floor = {"data": "board", "floor": 2 * CHANCE}
    small = [
        replace(own["complex"], dim=32, config=vectors, **floor),
        replace(own["paths"], dim=8, options={"num_layers": 3}, config=paths, **floor),
    ]
    monkeypatch.setattr(program, "SETTINGS", small)
    monkeypatch.setattr(sys, "argv", ["published.py", "--seeds", "0"])
    yield program
    for name in ("runs", "published"):
        sys.modules.pop(name, None)


def test_the_benchmark_trains_ranks_and_keeps_both_kinds(published, tmp_path, monkeypatch):
    published.main()  # stops below the floors
    rows = {
        path.name: json.loads(path.read_text(encoding="utf-8"))
        for path in (tmp_path / "rows").iterdir()
    }
    assert rows.keys() == {"board-complex.json", "board-paths.json"}
    graph, runs = Graph.load(tmp_path / "data" / "board"), sys.modules["runs"]
    for setting in published.SETTINGS:
        row = rows[setting.path.name]
        assert row.keys() == FIELDS
        assert row["benchmark"] == f"board {setting.scorer}"
        assert row["settings"] == setting.as_row()
        (run,) = row["runs"]
        assert run.keys() == RUN_FIELDS
        assert run["num_queries"] == 2 * len(graph.split("test"))
        assert row["mean"] == run["mrr"] > 2 * CHANCE
        kept = evaluate(runs.kept_model(setting, graph, 0), graph)
        assert kept.both.mrr == pytest.approx(run["mrr"], abs=1e-4)
    monkeypatch.setattr(runs, "_one", None)  # nothing is trained again
    again = [published.measure(setting, [0])["runs"] for setting in published.SETTINGS]
    assert again == [rows[setting.path.name]["runs"] for setting in published.SETTINGS]


def test_a_floor_that_is_not_reached_stops_the_benchmark(published, monkeypatch):
    too_high = [replace(published.SETTINGS[0], floor=1.01)]
    monkeypatch.setattr(published, "SETTINGS", too_high)
    with pytest.raises(SystemExit, match="lower for board complex"):
        published.main()
