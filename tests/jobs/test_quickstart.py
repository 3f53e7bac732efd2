"""The parts of the main job: its tables, its figures, its clock, and what it writes."""

from __future__ import annotations

import json

import pytest

from lichen.data.atlas.questions import Question, QuestionSet
from lichen.evaluation.paired import Interval
from lichen.explanation.answer import Answer
from lichen.jobs import quickstart as job
from lichen.jobs.quickstart import Quickstart, scores_table, some
from lichen.jobs.worth import Comparison, Uplift
from lichen.reasoning.evaluate import KindScores

SCORES = {
    "one_hop": KindScores(
        num_questions=1200,
        hits_at_1=Interval(0.9, 0.85, 0.95),
        exact=Interval(0.8, 0.75, 0.85),
        given_up=0.05,
        abstained=None,
    ),
    "unanswerable": KindScores(
        num_questions=300, hits_at_1=None, exact=None, given_up=None, abstained=0.75
    ),
}


@pytest.fixture
def worth(system):
    gain = Comparison(
        twin="none",
        group="all",
        num_examples=1200,
        fused=0.9,
        other=0.5,
        gain=Interval(0.4, 0.3, 0.5),
        p_value=0.001,
        mcnemar=(0.01, 0.02, 0.03),
    )
    return Uplift(
        systems=(system("fused", 0.9, 0.9, 0.9), system("none", 0.5, 0.5, 0.5)),
        comparisons=(gain,),
        seeds=(0, 1, 2),
    )


@pytest.fixture
def found(lands, worth, tmp_path):
    answer = Answer(question="What is the capital of Austria?", text="Vienna", confidence=0.9)
    silent = Answer(question="Who?", text="", abstained=True, reason="nothing is named")
    return Quickstart(
        graph=lands,
        uplift=worth,
        questions=SCORES,
        answers=(answer, silent),
        live=(answer, answer),
        live_s=0.05,
        books={"ask": SCORES, "generator alone": SCORES},
        seconds={"Atlas": 1.5},
        out=tmp_path,
    )


def test_a_table_of_one_system_has_a_row_for_each_kind():
    table = scores_table({"": SCORES})
    assert table.header[0] == "questions"
    assert table.rows == (
        ("one_hop", "1,200", "90.0", "85.0 to 95.0", "80.0", "5.0", "–"),
        ("unanswerable", "300", "–", "–", "–", "–", "75.0"),
    )


def test_a_table_of_several_systems_names_them(found):
    table = found.books_table()
    assert table.header[:2] == ("system", "questions")
    assert [row[:2] for row in table.rows] == [
        ("ask", "one_hop"),
        ("ask", "unanswerable"),
        ("generator alone", "one_hop"),
        ("generator alone", "unanswerable"),
    ]


def test_figures_survive_json(found, lands):
    plain = json.loads(json.dumps(found.to_json()))
    assert plain["graph"]["facts"] == lands.num_facts
    assert plain["graph"]["literals"] == len(lands.literals)
    assert plain["questions"]["one_hop"]["hits_at_1"]["mean"] == 0.9
    assert plain["questions"]["unanswerable"]["hits_at_1"] is None
    assert plain["books"]["ask"]["unanswerable"]["abstained"] == 0.75
    assert plain["seconds"] == {"Atlas": 1.5}
    assert "Vienna" in plain["answers"]["What is the capital of Austria?"]


def test_report_and_figures_are_written(found):
    job._write(found)
    plain = json.loads((found.out / job.RESULT).read_text(encoding="utf-8"))
    assert plain == json.loads(json.dumps(found.to_json()))
    page = (found.out / job.REPORT).read_text(encoding="utf-8")
    for words in ("Answers with their evidence", "Beside a generator", "85.0 to 95.0"):
        assert words in page


def test_the_clock_tells_and_times_each_stage():
    told = []
    clock = job._Clock(told.append)
    with clock.stage("Atlas: a graph"):
        clock.tell("inside")
    assert list(clock.seconds) == ["Atlas"]
    assert clock.seconds["Atlas"] >= 0
    assert told == ["\n== Atlas: a graph", "inside", "(0 s)"]


def test_some_questions_are_spread_evenly():
    items = [
        Question(id=str(i), text="?", language="en", split="test", kind="count") for i in range(11)
    ]
    asked = QuestionSet(tuple(items))
    assert [q.id for q in some(asked, 3)] == ["0", "5", "10"]
    assert len(some(asked, 50)) == 11
