from dataclasses import dataclass

import numpy as np
import pytest

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus, Document
from lichen.data.vocabulary import Vocabulary
from lichen.training.few.self_training import confident, self_training

LABELS = Vocabulary(["high", "low"])


@dataclass
class Middle:
    """Parts numbers halfway between the means of the two classes."""

    middle: float

    def predict(self, samples):
        chance = 1 / (1 + np.exp(-(np.array([float(s.text) for s in samples]) - self.middle)))
        return np.stack([chance, 1 - chance], axis=1)


class MiddleLearner:
    labels = LABELS

    def __init__(self):
        self.seen = []

    def fit(self, corpus, seed):
        self.seen.append((corpus, seed))
        means = [np.mean([float(d.text) for d in corpus if d.label == x]) for x in LABELS]
        return Middle(float(np.mean(means)))


def numbers(values, label=None):
    return tuple(Document(id=f"{label}{v}", text=str(v), label=label) for v in values)


def test_sure_texts_move_the_border_and_labels_are_not_read():
    learner = MiddleLearner()
    labelled = Corpus((*numbers([9.0], "high"), *numbers([-1.0], "low")))
    texts = Corpus(numbers([*np.linspace(-12, -8, 20), *np.linspace(6, 10, 20)], "high"))
    found = self_training(learner, labelled, texts, rounds=2, threshold=0.95, seed=3)
    assert [seed for _, seed in learner.seen] == [3, 4, 5]
    first, second, last = (corpus for corpus, _ in learner.seen)
    assert first is labelled
    pseudo = [(float(d.text), d.label) for d in second.documents[2:]]
    assert all(label == ("high" if value > 0 else "low") for value, label in pseudo)
    assert found.num_pseudo == (len(second) - 2, len(last) - 2)
    assert abs(found.predictor.middle) < 1.5 < learner.fit(labelled, 0).middle


def test_each_class_is_taken_in_its_share():
    chances = np.array([[0.9 + i / 1000, 0.1 - i / 1000] for i in range(60)] + [[0.05, 0.95]] * 10)
    taken = confident(chances, shares=np.array([0.75, 0.25]), threshold=0.9)
    assert np.bincount(chances[taken].argmax(1)).tolist() == [30, 10]
    assert set(taken[:30]) == set(range(30, 60))  # the surest ones
    assert len(confident(chances, shares=np.array([0.75, 0.25]), threshold=0.99)) == 0
    alone = confident(chances[:60], shares=np.array([0.75, 0.25]), threshold=0.9)
    assert len(alone) == 60


def test_no_text_changes_nothing_and_bad_input_is_one_line():
    learner = MiddleLearner()
    labelled = Corpus((*numbers([9.0], "high"), *numbers([-1.0], "low")))
    found = self_training(learner, labelled, Corpus(()))
    assert found.num_pseudo == ()
    assert found.predict(labelled.samples(LABELS)).argmax(1).tolist() == [0, 1]
    with pytest.raises(ConfigError, match=r"self_training\.threshold"):
        self_training(learner, labelled, labelled, threshold=2.0)
    with pytest.raises(DataError, match="two classes"):
        self_training(learner, Corpus(numbers([1.0], "low")), labelled)
