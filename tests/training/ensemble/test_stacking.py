import numpy as np
import pytest

from lichen.base.errors import DataError
from lichen.training.ensemble.stacking import divide, features_of, stacking


def test_the_judge_trusts_the_learner_that_is_right_on_what_it_held_out(toy):
    good, noise = toy.Learner(0), toy.Learner(1)
    stack = stacking([good, noise], toy.words, folds=3, seed=0)
    strength = np.abs(stack.judge.weights).sum(1)
    assert strength[:3].sum() > 5 * strength[3:].sum()
    sizes = [len(corpus) for corpus, _ in good.seen]
    assert sizes == [60, 60, 60, 90]
    held = [set(range(90)) - {int(d.id) for d in corpus} for corpus, _ in good.seen[:3]]
    assert sorted(i for part in held for i in part) == list(range(90))
    samples = toy.words.samples(toy.labels)
    truth = np.array([s.label for s in samples])
    assert (stack.predict(samples).argmax(1) == truth).mean() == 1.0


def test_folds_spread_every_class():
    truth = np.array([0] * 12 + [1] * 7 + [2] * 2)
    fold_of = divide(truth, folds=3, seed=0)
    assert np.bincount(fold_of).tolist() == [7, 7, 7]
    assert np.bincount(fold_of[truth == 0]).tolist() == [4, 4, 4]
    with pytest.raises(DataError, match="must not exceed the number of documents"):
        divide(truth, folds=22, seed=0)


def test_features_are_centred_log_probabilities():
    found = features_of([np.array([[0.5, 0.5, 0.0]]), np.array([[0.2, 0.3, 0.5]])])
    assert found.shape == (1, 6)
    assert np.allclose(found[0, :3].sum(), 0.0)
    assert np.isclose(found[0, 5] - found[0, 3], np.log(2.5))
