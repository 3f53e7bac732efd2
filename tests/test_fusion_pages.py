"""The tables of the fusion bench tell every figure of its rows."""

import importlib
import json
import sys
from copy import deepcopy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROWS = sorted((ROOT / "benchmarks" / "rows" / "fusion").glob("*.json"))
GAIN = {"mean": 0.021, "low": 0.012, "high": 0.03}
LOSS = {"mean": -0.021, "low": -0.03, "high": -0.012}
WORDS = (
    *("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
)
WIDE = {"mean": 0.021, "low": -0.012, "high": 0.05}


@pytest.fixture
def pages(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    yield importlib.import_module("fusions")
    del sys.modules["fusions"]


def standing(fusion, *gains, p=0.0004, **more):
    twins = dict(zip(("none", "shuffled", "count"), gains, strict=True))
    costs = {"num_trained": 1234, "train_s": 4.0, "predict_s": 0.52}
    p_values = dict.fromkeys(twins, p)
    return {"fusion": fusion, "mean": 0.749, "gains": twins, "p_values": p_values, **costs, **more}


@pytest.fixture
def row():
    leaks = [{"what": "a text is seen", "count": 7, "total": 90}]
    return {
        "task": "towns",
        "none": [0.7, 0.72, 0.74],
        "num_examples": 90,
        "note": "towns are linked",
        "settings": {"num_train": 30, "head": "pooled"},
        "leaks": leaks,
        "standings": [
            standing("gate", GAIN, GAIN, GAIN, read_s=3.14),
            standing("add", WIDE, GAIN, GAIN),
            standing("concat", WIDE, GAIN, GAIN, p=0.0421),
            standing("input", LOSS, GAIN, GAIN),
            standing("adapter", GAIN, GAIN, GAIN, p=0.2),
        ],
    }


def line_of(page, *start):
    (found,) = [x for x in page.splitlines() if x.startswith("| " + " | ".join(start) + " |")]
    return [cell.strip() for cell in found.strip("| ").split(" | ")]


def test_a_line_tells_gains_over_every_twin_cost_and_leaks(pages, row):
    page = pages.fusion_page([row])
    gain = "+2.1 (+1.2 to +3.0), p < 0.001"
    costs = ["1,234", "3.1", "4.0", "0.5"]
    assert line_of(page, "towns", "gate") == [
        *("towns", "gate", "🟩 74.9", gain, gain, gain, *costs, "A 7 of 90")
    ]
    assert line_of(page, "towns", "none")[2] == "72.0"
    told = line_of(page, "towns", "concat")
    assert told[3] == "+2.1 (−1.2 to +5.0), p = 0.042"
    assert told[7] == "–", "reading was not kept"
    assert "\n  A: a text is seen.\n" in page


def test_marks_say_who_is_ahead_and_behind(pages, row):
    marks = {s["fusion"]: pages.mark(s) for s in row["standings"]}
    assert marks == {"gate": "🟩", "add": "🟢", "concat": "🟢", "input": "🟥", "adapter": "⬜"}
    lost = {**row, "task": "woods", "standings": row["standings"][3:]}
    assert pages.won([row, lost]) == (
        "On 1 of 2 tasks some fusion is ahead of no and of shuffled knowledge (🟩 or 🟢): towns. "
        "On the other 1 none is."
    )


def test_means_of_a_cost_stand_only_where_every_task_has_it(pages, row):
    other = deepcopy(row)
    other["standings"][0] |= {"read_s": 5.0, "train_s": 8.0}
    section = "\n".join(pages.fusion_section([row, other]))
    assert line_of(section, "gate") == ["gate", "4.1", "6.0", "0.5", "1,234", "2 of 2"]
    assert line_of(section, "add")[1] == "–"
    assert pages.fusion_section([]) == []


def test_what_was_not_measured_is_told_with_its_reason(pages, row):
    other = {**row, "task": "woods", "standings": row["standings"][:1]}
    section = "\n".join(pages.fusion_section([row, other]))
    assert "\n| woods | 72.0 | – | – | – | 🟩 74.9 (+2.1) | – |\n" in section
    assert f"\n- `adapter` on woods: {pages.SLOW['adapter']}.\n" in section
    assert f"\n- `add`, `concat`, `input` on woods: {pages.UNASKED}.\n" in section
    assert pages.GAPS not in "\n".join(pages.fusion_section([row]))


def test_cells_whose_runs_are_long_are_named(pages, row):
    assert pages.slow([row]).endswith(" two cores that had other work too: none.")
    row["standings"][0]["train_s"] = 26.0
    row["standings"][1] |= {"read_s": None, "train_s": 31.0}
    told = pages.slow([row])
    assert told.startswith("Cells of which a run takes more than 30 s to read")
    assert told.endswith(": towns `add` (32 s).")
    row["standings"][0]["predict_s"] = 9.0
    assert "towns `gate` (38 s), towns `add` (32 s)." in "\n".join(pages.fusion_section([row]))


def test_every_fusion_of_every_task_has_its_line(pages):
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in ROWS]
    page = pages.fusion_page(rows)
    for row in rows:
        for said in row["standings"]:
            cells = line_of(page, row["task"], said["fusion"])
            assert cells[2].endswith(f"{100 * said['mean']:.1f}")
            assert all(" to " in cell and ", p " in cell for cell in cells[3:6])
        assert len([x for x in page.splitlines() if x.startswith(f"| {row['task']} |")]) == (
            1 + len(row["standings"])
        )


def test_the_guide_counts_the_tasks_as_the_rows_do(pages):
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in ROWS]
    won = sum(any(pages.is_ahead(s) for s in row["standings"]) for row in rows)
    guide = (ROOT / "docs" / "how-to" / "choose-a-fusion.md").read_text(encoding="utf-8")
    assert f"On {WORDS[won]} of the {WORDS[len(rows)]} tasks" in guide
