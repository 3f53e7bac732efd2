import json
from dataclasses import replace

import pytest

from lichen.data.leaks import Finding
from lichen.evaluation.paired import Interval
from lichen.jobs.ranking import FusionTable, Standing


def standing(name, score, low, p, **more):
    gain = Interval((low + 0.2) / 2, low, 0.2)
    return Standing(
        fusion=name,
        scores=(score, score, score),
        twin_scores={"none": (0.5,) * 3, "shuffled": (0.5,) * 3},
        gains={"none": gain, "shuffled": gain},
        p_values={"none": p, "shuffled": p},
        num_trained=1000,
        train_s=2.0,
        predict_s=0.1,
        **more,
    )


@pytest.fixture
def table():
    standings = (standing("add", 0.5, -0.1, 0.4), standing("gate", 0.7, 0.05, 0.001))
    return FusionTable(standings=standings, none=(0.5,) * 3, seeds=(0, 1, 2), num_examples=90)


def test_the_choice_asks_for_a_sure_gain_over_no_knowledge_alone(table):
    assert table.choice == "gate"
    add, gate = table.standings
    tied = replace(gate, gains={**gate.gains, "shuffled": Interval(0.0, -0.1, 0.1)})
    assert not tied.is_worth_it
    assert replace(table, standings=(add, tied)).choice == "gate"
    assert replace(table, standings=(add,)).choice == "none"
    unasked = replace(gate, gains={"shuffled": gate.gains["shuffled"]})
    assert replace(table, standings=(unasked,), none=()).choice is None


def test_the_best_comes_first_and_only_clear_gains_are_called_so(table):
    assert [s.fusion for s in table.ranked] == ["gate", "add"]
    assert [s.is_worth_it for s in table.ranked] == [True, False]
    assert table.headline == (
        "gate is first with 70.0%, 50.0% without knowledge; ahead of all their twins: gate."
    )
    lines = str(table).splitlines()
    assert "over none" in lines[3]
    assert lines[4].split()[:3] == ["gate", "70.0", "+12.5"]


def test_reading_is_a_cost_of_its_own_where_it_was_kept(table):
    again = replace(
        table, standings=(standing("input", 0.6, 0.0, 0.2, read_s=31.4), *table.standings)
    )
    assert again.table().header[-4:] == ("trained", "reading, s", "training, s", "predicting, s")
    costs = {row[0]: row[-3:] for row in again.table().rows}
    assert costs["input"] == ("31.4", "2.0", "0.1")
    assert costs["add"] == ("–", "2.0", "0.1")
    assert [s["read_s"] for s in again.to_json()["standings"]] == [None, 31.4, None]


def test_no_gain_is_said_too(table):
    none = FusionTable(standings=table.standings[:1], none=(), seeds=(0, 1, 2), num_examples=90)
    assert none.headline == "add is first with 50.0%; no fusion beats all its twins."


def test_it_becomes_json_and_a_page(table, tmp_path):
    said = json.loads(json.dumps(table.to_json()))
    assert said["standings"][0]["gains"]["none"]["low"] == 0.05
    page = table.save_html(tmp_path / "fusions.html").read_text()
    assert "<svg" in page
    assert "gate, against shuffled" in page
    assert "Nothing was found." in page


def test_leaks_are_told_and_their_examples_not_kept(table):
    leak = Finding(what="test text is a training text", count=2, total=9, examples=("'x'",))
    found = replace(table, leaks=(leak,))
    assert str(found).endswith("leak guard: test text is a training text: 2 of 9; e.g. 'x'")
    assert str(table).endswith("leak guards: nothing found")
    assert found.to_json()["leaks"] == [
        {"what": "test text is a training text", "count": 2, "total": 9}
    ]


def test_lost_mentions_are_told_by_fusion(table, tmp_path):
    line = "add, gate: 1 of 90 mentions come after the first 4 of their text"
    found = replace(table, lost=(line,))
    assert str(found).endswith(f"\n\nmentions lost: {line}")
    assert found.to_json()["lost"] == (line,)
    assert f"Mentions lost: {line}" in found.save_html(tmp_path / "fusions.html").read_text()
    assert "lost" not in str(table)
