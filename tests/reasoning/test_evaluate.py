import pytest

from lichen.base.errors import DataError
from lichen.data.atlas.questions import Question, QuestionSet
from lichen.reasoning.evaluate import Reply, evaluate, is_exact, is_hit

ASKED = QuestionSet(
    (
        Question(id="1", text="a", language="en", split="test", kind="one_hop", answers=(1, 2)),
        Question(id="2", text="b", language="en", split="test", kind="count", value=3.0),
        Question(id="3", text="c", language="zh", split="test", kind="unanswerable"),
        Question(
            id="4",
            text="d",
            language="en",
            split="test",
            kind="two_hop",
            answers=(5,),
            is_held_out_pair=True,
        ),
    )
)
SILENT = Reply(abstained=True)


def test_hits_and_exact_answers():
    assert is_hit(ASKED[0], Reply(entities=(2, 9)))
    assert not is_exact(ASKED[0], Reply(entities=(2, 9)))
    assert is_exact(ASKED[0], Reply(entities=(2, 1)))
    assert is_hit(ASKED[1], Reply(value=3.0))
    assert not is_hit(ASKED[1], Reply(value="3"))
    assert is_hit(ASKED[2], SILENT)
    assert not is_hit(ASKED[3], SILENT)


def test_figures_by_kind_over_seeds():
    replies = {"1": Reply(entities=(1,)), "2": Reply(value=4.0), "3": SILENT, "4": SILENT}
    perfect = {
        "1": Reply(entities=(1, 2)),
        "2": Reply(value=3.0),
        "3": SILENT,
        "4": Reply(entities=(5,)),
    }
    found = evaluate([lambda q: replies[q.id], lambda q: perfect[q.id]], ASKED)
    assert found["all"].hits_at_1.mean == pytest.approx((1 / 3 + 1) / 2)
    assert found["all"].given_up == pytest.approx(1 / 6)
    assert found["all"].abstained == 1.0
    assert found["one_hop"].exact.mean == pytest.approx(0.5)
    assert found["unanswerable"].hits_at_1 is None
    assert found["held-out pair"].num_questions == 1
    assert found["zh"].num_questions == 1


def test_nothing_to_measure_is_refused():
    with pytest.raises(DataError, match="got 0 and 4"):
        evaluate([], ASKED)
