"""The embedding benchmarks' own programs on tiny graphs; nothing is written into the repository."""

import importlib
import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
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
def load(tmp_path, monkeypatch):
    """Give what loads a program; as scripts do, they go by short names."""
    names = [path.stem for path in FOLDER.glob("*.py")]
    monkeypatch.setenv("LICHEN_DATA", str(tmp_path / "data"))
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    runs = importlib.import_module("runs")
    monkeypatch.setattr(runs, "ROWS", tmp_path / "rows")
    monkeypatch.setattr(runs, "RUNS", tmp_path / "runs")
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def published(tmp_path, monkeypatch, load):
    """Give the program with its settings of two methods on a tiny graph."""
    write_graph(tmp_path / "data" / "board")
    program = load("published")
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
    return program


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


def test_background_facts_are_trained_on(load, tmp_path):
    write_graph(tmp_path / "data" / "board")
    (tmp_path / "data" / "board" / "facts.tsv").write_text("0,0\tmeets\t4,4\n", encoding="utf-8")
    graph = load("runs").benchmark_graph("board")
    assert graph.splits.keys() == {"train", "valid", "test"}
    assert len(graph.split("train")) == 4 * SIDE**2 - 20 + 1


def test_average_precision_counts_equal_scores_as_one_step(load):
    precision = load("countries").average_precision
    truth = np.array([True, False, True, False])
    assert precision(np.array([4.0, 3.0, 2.0, 1.0]), truth) == pytest.approx((1 + 2 / 3) / 2)
    assert precision(np.zeros(4), truth) == pytest.approx(0.5)


def test_relations_rank_without_the_other_known_ones(load):
    facts = [("a", "likes", "b"), ("a", "knows", "b"), ("b", "likes", "c")]
    graph = Graph.from_triples(facts)
    graph = replace(graph, splits={"train": np.array([1, 2]), "test": np.array([0])})
    encoder = GraphEncoder("distmult", graph, dim=1)
    with torch.no_grad():
        encoder.entity_table.fill_(1.0)
        encoder.relation_table[graph.relations.id("knows")] = 2.0
        encoder.relation_table[graph.relations.id("likes")] = 1.0
    assert load("relations").relation_ranks(encoder, graph).mrr == 1.0


def test_a_regression_on_labelled_cases_finds_the_chances(load):
    program, draw = load("calibration"), np.random.default_rng(0)
    scores, mass = draw.normal(size=(2, 20_000)) * [[3.0], [1.0]]
    truth = draw.random(20_000) < 1 / (1 + np.exp(1.0 - 0.5 * scores + mass))
    cases = program.Cases(scores, mass, truth)
    told = program.judged(program.regression(cases)(cases), truth)
    before = program.judged(program.sigmoid(scores), truth)
    assert told["calibration error"] < 0.02 < 0.1 < before["calibration error"]
    assert told["Brier score"] < truth.mean() * (1 - truth.mean()) < before["Brier score"]


def test_the_large_graph_tells_its_throughput_and_the_interval_of_its_mrr(
    load, tmp_path, monkeypatch
):
    scale, synthetic = load("scale"), load("synthetic")
    for name, value in {"TEST": 100, "QUERIES": 50, "NEIGHBOURS": 10}.items():
        monkeypatch.setattr(scale, name, value)
    size = synthetic.Size(entities=400, relations=5, facts=2_000)
    synthetic.write_facts(synthetic.draw_facts(size), tmp_path / "facts.tsv")
    rows = scale.rows(scale.run(tmp_path / "facts.tsv", 8), 8)
    told = {row["metric"].split(": ")[1]: row for row in rows}
    fast = told["triples a second, each direction of a fact being one"]
    assert fast["mean"] == fast["runs"][0]["directed_facts_s"] > 0
    low, high = told["MRR of random facts"]["interval"]
    assert 0 < low <= told["MRR of random facts"]["mean"] <= high < 1
