import pytest

from lichen.evaluation.answer_text import exact_match, plain_words, word_f1


@pytest.mark.parametrize(
    ("found", "gold", "exact", "f1"),
    [
        ("the Danube", "Danube!", 1.0, 1.0),
        ("Danube river", "the river Rhine", 0.0, 0.5),
        ("", "", 1.0, 1.0),
        ("", "Rhine", 0.0, 0.0),
        ("no no yes", "no yes", 0.0, 0.8),
    ],
)
def test_answers_are_compared_by_their_words(found, gold, exact, f1):
    assert exact_match(found, gold) == exact
    assert word_f1(found, gold) == pytest.approx(f1)
    mine, true = plain_words(found), plain_words(gold)
    if mine and true:
        left = list(true)
        hits = sum(w in left and (left.remove(w) or True) for w in mine)
        slow = 2 * (hits / len(mine)) * (hits / len(true)) / (hits / len(mine) + hits / len(true))
        assert word_f1(found, gold) == pytest.approx(slow)
