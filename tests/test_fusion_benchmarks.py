"""The fusion benchmarks' rows: what is measured again, and what stays. Nothing is trained."""

import importlib
import json
import sys
from pathlib import Path

import pytest

from lichen.fusion import EVERY

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "benchmarks" / "fusion"
KEPT = ROOT / "benchmarks" / "rows"
NAMES = (
    "embedding",
    "embedding.runs",
    "runs",
    "tasks",
    "figures",
    "atlas_claims",
    "bench",
    "noise",
)


def forget():
    for name in [x for x in sys.modules if x in NAMES or x.startswith("tasks.")]:
        del sys.modules[name]


@pytest.fixture
def program(monkeypatch, tmp_path):
    """Give a benchmark's program by name, writing its rows into a folder of the test."""
    monkeypatch.syspath_prepend(str(FOLDER))
    forget()  # as scripts do, they go by short names
    monkeypatch.setattr(importlib.import_module("figures"), "ROWS", tmp_path)
    yield importlib.import_module
    forget()


def test_rows_of_fusions_that_are_not_asked_for_stay(program, tmp_path, monkeypatch):
    noise, asked = program("noise"), []

    def measured(share, fusions):
        asked.append(list(fusions))
        metric = "accuracy of {} less that without knowledge (0.5 less 0.4)"
        return [
            program("figures").row(f"{share}", metric.format(name), len(asked), None)
            for name in fusions
        ]

    def means():
        rows = json.loads((tmp_path / "fusion-noise.json").read_text())
        return [row["mean"] for row in rows]

    monkeypatch.setattr(noise, "measure", measured)
    monkeypatch.setattr(sys, "argv", ["noise.py"])
    noise.main()
    assert asked == [list(EVERY)] * 4
    before = means()
    assert len(before) == 4 * len(EVERY)
    monkeypatch.setattr(sys, "argv", ["noise.py", "--fusions", EVERY[1]])
    noise.main()
    for place, (old, new) in enumerate(zip(before, means(), strict=True)):
        assert new == old + 4 * (place % len(EVERY) == 1)


@pytest.mark.parametrize("name", ["fusion-cost", "fusion-noise", "fusion-decoder", "fusion-folds"])
def test_every_row_of_a_file_that_is_renewed_tells_of_something_else(program, tmp_path, name):
    text = (KEPT / f"{name}.json").read_text(encoding="utf-8")
    (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    program("figures").renew(name, [])
    assert (tmp_path / f"{name}.json").read_text(encoding="utf-8") == text


def test_the_tasks_that_have_rows_are_those_of_one_benchmark(program, tmp_path):
    for name in ("ensembles-umls", "ensembles-claims", "few-labels-sst2", "ensembles"):
        (tmp_path / f"{name}.json").write_text("[]")
    assert program("figures").measured("ensembles") == ["claims", "umls"]


def test_a_row_without_the_seconds_of_reading_is_read_beside_one_with_them(program, tmp_path):
    bench = program("bench")
    row = json.loads((KEPT / "fusion" / "fewrel.json").read_text(encoding="utf-8"))
    for said in row["standings"]:
        said.pop("read_s", None)
    row["standings"][0]["read_s"] = 2.5
    (tmp_path / "fewrel.json").write_text(json.dumps(row))
    table = bench.FusionTable(
        standings=(), none=tuple(row["none"]), seeds=(0, 1, 2), num_examples=row["num_examples"]
    )
    found = bench.measured_before(tmp_path / "fewrel.json", table, bench.SETTINGS["fewrel"])
    assert [s.fusion for s in found] == [said["fusion"] for said in row["standings"]]
    assert [s.read_s for s in found] == [2.5] + [None] * (len(found) - 1)
