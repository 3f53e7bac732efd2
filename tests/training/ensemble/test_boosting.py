import numpy as np

from lichen.training.ensemble.boosting import Boosted, boosting, vote_of


def test_what_was_wrong_is_drawn_more_often(toy):
    pairs = [(f"{label} {label}{i % 5}", label) for label in "ab" for i in range(40)]
    pairs += [("a hard", "b")] * 10  # the first word misleads, the second tells
    corpus = toy.corpus_of(*pairs)
    first, second = toy.Learner(0), toy.Learner(1)
    found = boosting([first, second], corpus, rounds=2, seed=0)
    share = np.mean([doc.text == "a hard" for doc in second.seen[0][0]])
    assert share > 0.35  # half of the weight, against 0.11 before
    assert len(found.members) == 2
    samples = corpus.samples(toy.labels)
    truth = np.array([s.label for s in samples])
    assert (found.predict(samples).argmax(1) == truth).mean() == 1.0
    assert np.isclose(found.votes[0], np.log(8) + np.log(2))


def test_votes_follow_the_error_and_chance_counts_nothing(toy):
    assert vote_of(2 / 3, num_classes=3) < 1e-12
    assert vote_of(0.1, num_classes=3) > vote_of(0.3, num_classes=3) > 0
    assert np.isfinite(vote_of(0.0, num_classes=2))
    alone = boosting([Wrong(toy.labels)], toy.words, rounds=3)
    assert alone.votes == (1.0,)


def test_probabilities_are_shares_of_the_votes(toy):
    members = tuple(toy.Learner(i).fit(toy.words, 0) for i in (0, 1))
    samples = toy.words.samples(toy.labels)
    found = Boosted(members, (3.0, 1.0)).predict(samples)
    assert set(found.ravel().tolist()) <= {0.0, 0.25, 0.75, 1.0}
    assert np.array_equal(found.argmax(1), members[0].predict(samples).argmax(1))


class Wrong:
    """Is never right."""

    def __init__(self, labels):
        self.labels = labels

    def fit(self, _corpus, _seed):
        return self

    def predict(self, samples):
        return np.eye(3)[[((s.label or 0) + 1) % 3 for s in samples]]
