from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus
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
    alone = [str(i) for i in range(21)]
    fold_of = divide(truth, alone, folds=3, seed=0)
    assert np.bincount(fold_of).tolist() == [7, 7, 7]
    assert np.bincount(fold_of[truth == 0]).tolist() == [4, 4, 4]
    with pytest.raises(DataError, match="must not exceed the number of documents"):
        divide(truth, alone, folds=22, seed=0)


def test_documents_that_tell_of_each_other_are_held_out_together(toy):
    """Each fact has a text of class a and one of b, so whoever saw the one answers the other."""
    pairs = toy.corpus_of(*((f"fact{i}", label) for i in range(30) for label in "ab"))
    corpus = Corpus(tuple(replace(doc, meta={"fact": doc.text}) for doc in pairs))
    apart, together = toy.Learner(0), toy.Learner(0)
    turned = stacking([apart], corpus, folds=3, seed=0)
    stacking([together], corpus, folds=3, group="fact", seed=0)
    weights = turned.judge.weights
    assert weights[0, 0] < 0 > weights[1, 1], "the regression turns the answers round"
    for part, _ in together.seen[:3]:
        assert len(part) == 40
        assert set(Counter(doc.text for doc in part).values()) == {2}
    with pytest.raises(DataError, match=r"^document '0': must have 'source' in meta"):
        stacking([together], corpus, group="source")


def test_features_are_centred_log_probabilities():
    found = features_of([np.array([[0.5, 0.5, 0.0]]), np.array([[0.2, 0.3, 0.5]])])
    assert found.shape == (1, 6)
    assert np.allclose(found[0, :3].sum(), 0.0)
    assert np.isclose(found[0, 5] - found[0, 3], np.log(2.5))
