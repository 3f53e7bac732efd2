from dataclasses import replace

import numpy as np
import pytest

from lichen.apps.recommend import Recommender
from lichen.apps.recommend_evaluate import best_threshold, choose, evaluate, f1, recalls
from lichen.apps.recommend_factors import FactorConfig
from lichen.apps.recommend_interactions import Interactions
from lichen.base.errors import DataError
from lichen.data.graph import Graph

TRAIN = Interactions.of([("ann", "a"), ("bob", "b"), ("cyd", "c"), ("ann", "d", 0)])


@pytest.fixture
def ranked():
    """Give a recommender that ranks a, b, c, d for everybody, in this order."""
    made = Recommender.fit(TRAIN, config=FactorConfig(dim=1, rounds=1))
    vectors = np.array([4.0, 3.0, 2.0, 1.0])[:, None]
    return replace(made, item_vectors=vectors, typical=np.ones(1))


def test_recall_leaves_out_known_likes(ranked):
    test = Interactions.of([("ann", "c"), ("ann", "d"), ("bob", "a")])
    assert recalls(ranked, test, ks=(1, 2)) == {1: 0.5, 2: 0.75}
    valid = Interactions.of([("ann", "b")])
    assert recalls(ranked, test, valid=valid, ks=(1, 2)) == {1: 0.75, 2: 1.0}


def test_figures_of_a_perfect_order(ranked):
    test = Interactions.of([("bob", "a"), ("bob", "d", 0), ("cyd", "a"), ("cyd", "d", 0)])
    found = evaluate(ranked, test, valid=test, ks=(1,))
    assert (found.auc, found.f1, found.num_pairs) == (1.0, 1.0, 4)
    assert str(found).startswith("AUC 1.0000, F1 1.0000, recall@1 ")


def test_the_threshold_is_the_best_of_all():
    rng = np.random.default_rng(0)
    scores, labels = rng.random(60), rng.integers(0, 2, 60)
    threshold = best_threshold(scores, labels)
    slow = max(f1(scores >= value, labels == 1) for value in scores)
    assert f1(scores >= threshold, labels == 1) == pytest.approx(slow)
    with pytest.raises(DataError, match="valid must hold pairs with the label 1"):
        best_threshold(scores, np.zeros(60, dtype=int))


def test_settings_are_chosen_by_validation():
    rows = [(f"user {u}", f"{u % 2} {i}") for u in range(20) for i in range(8) if (u + i) % 3]
    likes = Interactions.of(rows).with_others()
    graph = Graph.from_triples([(f"{k} {i}", "is", str(k)) for k in (0, 1) for i in range(8)])
    train, valid = likes.split((0.7, 0.3))
    useless = FactorConfig(dim=1, ridge=1e6)
    able = FactorConfig(dim=4, ridge=0.1)
    assert choose(train, valid, graph, settings=(useless, able)) is able


def test_one_class_only_is_one_line(ranked):
    likes = Interactions.of([("bob", "a")])
    with pytest.raises(DataError, match="found only 1"):
        evaluate(ranked, likes, valid=likes)


def test_published_figure_on_rec_music_is_reached(lichen_data):
    folder = lichen_data / "rec_music"
    if not folder.is_dir():
        pytest.skip("no rec_music among the benchmark data")
    rows = (line.split("\t") for line in (folder / "kg.txt").read_text().splitlines())
    graph = Graph.from_triples([(h, r, t) for h, r, t in rows])
    pairs = Interactions.load(folder / "ratings_final.txt")
    train, valid, test = pairs.split((0.6, 0.2, 0.2), seed=0)
    config = FactorConfig(dim=16, rounds=12)  # quicker than the default, and a little worse
    found = evaluate(Recommender.fit(train, graph, config=config), test, valid=valid)
    assert found.auc > 0.842
