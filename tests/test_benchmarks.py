"""The embedding benchmarks' own programs on tiny graphs; nothing is written into the repository."""

import importlib
import json
import math
import random
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import evaluate
from lichen.embedding.gnn import LAYERS
from lichen.lm.text_encoder import has_fast_half

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


SMALL = ("umls", "kinship", "nations", "family")
CODEX = "kgc_codex_s"
REGIONS = ("africa", "americas", "asia", "europe", "oceania")
PLAIN = {
    "small": ("--seeds 0 1 2", {f"kgc_small-{name}-complex": 1 for name in SMALL}),
    "countries": ("--seeds 0", {"countries-complex": 3}),
    "relations": ("--seeds 0 1 2", {f"relations-{x}": 9 for x in (CODEX, "kgc_small-umls")}),
    "networks": (
        "--seeds 0",
        {f"kgc_small-umls-distmult{x}": 1 for x in ("", *(f"-{layer}" for layer in LAYERS))},
    ),
    "priors": ("--data kgc_wn18rr --seeds 0 1 2", {"prior-kgc_wn18rr-complex": 12}),
    "classification": (
        "--scorers complex transe --seeds 0 1 2",
        {
            f"classification-{CODEX}": 2,
            f"classification-{CODEX}-complex": 4,
            f"classification-{CODEX}-transe": 4,
        },
    ),
    "inductive": ("--data WN18RR_v1 --seeds 0", {"kgc_inductive-WN18RR_v1-paths": 1}),
}
"""Program to its arguments and what it writes, with the number of rows; its settings are its own,
which on tiny graphs take a second or two."""


def write_graph(folder, *, side=SIDE, prefix="", ending="tsv"):
    """Write the steps between the fields of a board without edges, a fifth held out."""
    facts = [
        f"{prefix}{x},{y}\t{way}\t{prefix}{(x + dx) % side},{(y + dy) % side}\n"
        for x in range(side)
        for y in range(side)
        for way, (dx, dy) in WAYS.items()
    ]
    random.Random(0).shuffle(facts)
    folder.mkdir(parents=True)
    for split, lines in (("train", facts[20:]), ("valid", facts[:10]), ("test", facts[10:20])):
        (folder / f"{split}.{ending}").write_text("".join(lines), encoding="utf-8")


def write_codex(folder):
    """Write a board as CoDEx is written: described entities, and false facts of two splits."""
    write_graph(folder, ending="txt")
    (folder / "relations_en.json").write_text(json.dumps({way: {"label": way} for way in WAYS}))
    fields = [(x, y) for x in range(SIDE) for y in range(SIDE)]
    about = [f"{x},{y}\tfield {x} {y}\tcolumn {x}, row {y}\n" for x, y in fields]
    (folder / "entity_labels.tsv").write_text("".join(about), encoding="utf-8")
    for split in ("valid", "test"):
        false = [f"{x},{y}\t{way}\t{x},{y}\n" for x, y in fields[:5] for way in WAYS]
        (folder / f"{split}_negatives.txt").write_text("".join(false), encoding="utf-8")


def write_countries(folder):
    """Write lands beside lands of their region, and the regions of a part held out."""
    lies = [f"land{i}\tlocatedin\t{REGIONS[i % 5]}\n" for i in range(20)]
    meets = [f"land{i}\tneighbor\tland{(i + 5) % 20}\n" for i in range(20)]
    folder.mkdir(parents=True)
    for split, lines in (("valid", lies[:5]), ("test", lies[5:10]), ("train", lies[10:] + meets)):
        (folder / f"{split}.txt").write_text("".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def boards(tmp_path_factory):
    """Give a folder with tiny graphs under the names of the benchmarks' own."""
    folder = tmp_path_factory.mktemp("boards")
    data = folder / "data"
    for name in (*(f"kgc_small/{x}" for x in SMALL), "kgc_wn18rr", "kgc_inductive/WN18RR_v1"):
        write_graph(data / name)
    write_graph(data / "kgc_inductive" / "WN18RR_v1_ind", side=4, prefix="other ")
    write_codex(data / CODEX)
    for name in ("S1", "S2", "S3"):
        write_countries(data / "kgc_small" / "countries" / name)
    return folder


@pytest.fixture
def on_boards(boards, load, tmp_path, monkeypatch):
    """Give what loads a program for the tiny graphs; models that one trained, others use again."""
    monkeypatch.setenv("LICHEN_DATA", str(boards / "data"))
    monkeypatch.setattr(sys.modules["runs"], "RUNS", boards / "runs")
    (tmp_path / "rows").mkdir()
    return load


def read_rows(folder, *, most=1.0):
    """Return the rows of each file after a look at what all rows have: names, means, intervals."""
    found = {path.stem: json.loads(path.read_text("utf-8")) for path in folder.iterdir()}
    rows = {name: told if isinstance(told, list) else [told] for name, told in found.items()}
    for row in (row for told in rows.values() for row in told):
        assert row["benchmark"]
        assert row["metric"]
        assert math.isfinite(row["mean"])
        assert (-1.0 if "gain" in row["benchmark"] else 0.0) <= row["mean"] <= most
        if row["interval"] is None:
            assert len(row["seeds"]) == 1
        else:
            low, high = row["interval"]
            assert low <= row["mean"] <= high
    named = [(row["benchmark"], row["metric"]) for told in rows.values() for row in told]
    assert len(set(named)) == len(named)
    return rows


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Give what loads a program; as scripts do, they go by short names."""
    names = [path.stem for path in FOLDER.glob("*.py")]
    monkeypatch.setenv("LICHEN_DATA", str(tmp_path / "data"))
    monkeypatch.syspath_prepend(str(FOLDER))
    names += [name for name in sys.modules if name.split(".")[0] == "settings"]
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    runs = importlib.import_module("runs")
    monkeypatch.setattr(runs, "ROWS", tmp_path / "rows")
    monkeypatch.setattr(runs, "RUNS", tmp_path / "runs")
    yield importlib.import_module
    for name in list(sys.modules):
        if name in names or name.split(".")[0] == "settings":
            del sys.modules[name]


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


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.usefixtures("on_boards")
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_a_program_goes_from_its_command_line_to_its_rows(name, tmp_path, monkeypatch):
    arguments, files = PLAIN[name]
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments.split()])
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    rows = read_rows(tmp_path / "rows")
    assert {file: len(told) for file, told in rows.items()} == files


def test_factorisations_of_several_seeds_make_one_row(on_boards, tmp_path, monkeypatch):
    program = on_boards("factorisation")
    monkeypatch.setitem(program.DIMS, "kgc_small/umls", SIDE)
    monkeypatch.setattr(sys, "argv", ["factorisation.py", "--data", "kgc_small/umls"])
    program.main()
    ((row,),) = read_rows(tmp_path / "rows").values()
    assert [run["seed"] for run in row["runs"]] == row["seeds"] == [0, 1, 2]


def test_probabilities_are_judged_before_and_after_calibration(on_boards, tmp_path, monkeypatch):
    program = on_boards("calibration")
    monkeypatch.setattr(program, "SHOWN", SIDE)
    monkeypatch.setattr(sys, "argv", ["calibration.py"])
    program.main()
    (rows,) = read_rows(tmp_path / "rows").values()
    names = {row["benchmark"].split(", ")[1] for row in rows}
    assert names == set(program.SETS)


def test_newcomers_come_with_text_with_a_fact_and_with_both(on_boards, tmp_path, monkeypatch):
    program = on_boards("newcomers")
    monkeypatch.setattr(program, "NEWCOMERS", 3)
    monkeypatch.setattr(program, "FEWEST", 4)
    monkeypatch.setattr(program, "CONFIG", replace(program.CONFIG, epochs=2))
    monkeypatch.setattr(sys, "argv", ["newcomers.py"])
    program.main()
    rows = read_rows(tmp_path / "rows")
    figures = sum(1 + 2 * len(sources) for sources in program.SOURCES.values())
    assert {file.rpartition("-")[2]: len(told) for file, told in rows.items()} == {
        "counts": 3,
        **dict.fromkeys(program.METHODS, figures),
    }


def test_scoring_and_training_are_told_beside_the_bare_product(on_boards, tmp_path, monkeypatch):
    program = on_boards("ceiling")
    tiny = {"SIZES": {"tiny": (50, 3, 8)}, "BATCH": 16, "NUM_FACTS": 200, "SQUARE": 64}
    for name, value in tiny.items():
        monkeypatch.setattr(program, name, value)
    program.main(3)
    (rows,) = read_rows(tmp_path / "rows").values()
    kinds = 1 + has_fast_half(torch.device("cpu"))
    assert len(rows) == 2 * kinds * len(program.SCORERS)
    assert all(len(row["runs"]) == 3 for row in rows)


def test_pykeen_ranks_the_same_in_a_process_of_its_own(on_boards, tmp_path):
    pytest.importorskip("pykeen")
    on_boards("ranking").main("pykeen", sys.executable, 1)
    (rows,) = read_rows(tmp_path / "rows", most=100.0).values()
    as_float, run = rows[0]["runs"]
    assert run["equal_ranks"] == run["ranks"] == 2 * 3 * 10  # sides, kinds of ties, facts
    assert as_float["lichen"]["mrr"] == pytest.approx(as_float["pykeen"]["mrr"], abs=1e-4)
    assert len(rows) == 3


def test_training_beside_pykeen_goes_on_until_it_is_as_good(on_boards, tmp_path):
    pytest.importorskip("pykeen")
    on_boards("training").main("pykeen", sys.executable, 1, 1)
    (rows,) = read_rows(tmp_path / "rows", most=1e6).values()
    (run,) = rows[0]["runs"]
    assert run["to_goal"]["valid_mrr"] >= run["goal"] > 0
    assert len(rows) == 2
