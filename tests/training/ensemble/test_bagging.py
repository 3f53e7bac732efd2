import numpy as np
import pytest

from lichen.base.errors import DataError
from lichen.training.ensemble.bagging import bagging, resample


def test_members_see_draws_of_their_own_and_vote_alike(toy):
    learners = [toy.Learner(0), toy.Learner(1)]
    bag = bagging(learners, toy.words, rounds=3, seed=5)
    assert len(bag.members) == 6
    for learner in learners:
        assert [seed for _, seed in learner.seen] == [5, 6, 7]
        assert all(len(corpus) == len(toy.words) for corpus, _ in learner.seen)
    drawn = [tuple(doc.id for doc in corpus) for corpus, _ in learners[0].seen]
    assert len(set(drawn)) == 3
    assert drawn == [tuple(doc.id for doc in corpus) for corpus, _ in learners[1].seen]
    share = len(set(drawn[0])) / len(toy.words)
    assert 0.5 < share < 0.75  # 1 - 1/e of the documents
    samples = toy.words.samples(learners[0].labels)
    parts = [member.predict(samples) for member in bag.members]
    assert np.allclose(bag.predict(samples), sum(parts) / 6)


def test_draws_follow_the_weights_and_hold_two_classes(toy):
    corpus = toy.corpus_of(*[(f"w{i} x", "a") for i in range(9)], ("w9 x", "b"))
    rng = np.random.default_rng(0)
    assert all(len(resample(corpus, rng).labels()) == 2 for _ in range(20))
    weights = np.array([0.5] + [0.0] * 8 + [0.5])
    assert {doc.id for doc in resample(corpus, rng, weights=weights)} == {"0", "9"}
    with pytest.raises(DataError, match="Label more documents of the rare class"):
        resample(corpus, rng, weights=np.array([1.0] + [0.0] * 9))
