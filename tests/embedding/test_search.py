import numpy as np
import pytest

from lichen.base.errors import ChoiceError, DataError
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.search import search

pytest.importorskip("optuna", reason="the extra search is not installed")


def graph():
    rng = np.random.default_rng(0)
    facts = [
        (f"{x},{y}", way, f"{(x + dx) % 6},{(y + dy) % 6}")
        for x in range(6)
        for y in range(6)
        for way, dx, dy in (("east", 1, 0), ("west", -1, 0), ("south", 0, 1))
    ]
    facts = [facts[i] for i in rng.permutation(len(facts))]
    return Graph.from_triples(facts[:-20], splits={"valid": facts[-20:]})


def test_the_best_trial_is_returned_and_the_first_is_the_given_settings():
    base = EmbeddingConfig(epochs=6, valid_every=3, learning_rate=0.0001, hide_known=False)
    space = {"learning_rate": (0.0001, 0.5), "batch_size": (32, 64)}
    report = search(graph(), dim=16, budget_s=6.0, config=base, space=space)
    assert len(report.trials) >= 2
    assert report.trials[0][0] == {"learning_rate": 0.0001, "batch_size": 32}
    assert report.valid_mrr == max(mrr for _, mrr in report.trials)
    assert report.valid_mrr > report.trials[0][1]
    assert report.config.learning_rate > 0.0001
    assert report.config.epochs == 6
    assert "trials in" in str(report)


def test_what_cannot_be_searched_is_refused():
    with pytest.raises(DataError, match="must have a valid split to choose by"):
        search(Graph.from_triples([("a", "r", "b")]), budget_s=1.0)
    with pytest.raises(ChoiceError, match="dropout"):
        search(graph(), dim=8, budget_s=1.0, space={"dropuot": (0.0, 0.5)})
