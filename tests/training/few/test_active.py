from dataclasses import replace

import numpy as np
import pytest

from lichen.base.errors import ChoiceError, ConfigError, DataError
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.training.few.active import active_learning
from lichen.training.few.strategies import STRATEGIES
from lichen.training.learner import GraphLearner


@pytest.fixture
def parts(world):
    text, nodes, corpus = world
    graph = Graph.from_triples([(label, "near", label) for label in nodes.entities])
    return GraphLearner(nodes, corpus.labels()), corpus, text, graph


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_every_strategy_gives_a_curve_that_begins_at_one_point(parts, strategy):
    learner, corpus, text, graph = parts
    options = {"budgets": (6, 12, 40), "text": text, "graph": graph, "seed": 2}
    curve = active_learning(learner, corpus.train, corpus.test, strategy=strategy, **options)
    assert curve.num_labels == (6, 12, 40)
    assert len(curve.accuracy) == len(curve.chances) == 3
    assert len(set(curve.chosen)) == 40
    plain = active_learning(learner, corpus.train, corpus.test, strategy="random", **options)
    assert curve.chosen[:6] == plain.chosen[:6]
    assert curve.accuracy[0] == plain.accuracy[0]
    known = {doc.id: doc for doc in corpus.train}
    fitted = learner.fit(Corpus(tuple(known[i] for i in curve.chosen)), 2)
    samples = corpus.test.samples(learner.labels)
    assert np.array_equal(fitted.predict(samples), curve.chances[-1])
    assert "40 labels" in str(curve)


def test_first_labels_of_one_class_are_mended(parts):
    learner, corpus, text, _graph = parts
    rare = [replace(d, label="true") for d in corpus.train.documents[:50]]
    pool = Corpus((*rare, replace(corpus.train[60], label="false")))
    curve = active_learning(learner, pool, corpus.test, strategy="random", budgets=(4,), text=text)
    assert corpus.train[60].id in curve.chosen


def test_what_cannot_be_asked_is_refused(parts):
    learner, corpus, text, _graph = parts
    train, test = corpus.train, corpus.test
    with pytest.raises(ChoiceError, match="Did you mean 'margin'"):
        active_learning(learner, train, test, strategy="margn", budgets=(4,), text=text)
    with pytest.raises(ConfigError, match="must be whole numbers that ascend"):
        active_learning(learner, train, test, strategy="random", budgets=(8, 4), text=text)
    for budgets in ([2.5, 4], 8):
        with pytest.raises(ConfigError, match=r"^active\.budgets must be .* Give such as"):
            active_learning(learner, train, test, strategy="random", budgets=budgets, text=text)
    with pytest.raises(ConfigError, match="must not exceed"):
        active_learning(learner, train, test, strategy="random", budgets=(9999,), text=text)
    with pytest.raises(ConfigError, match="must be a Graph"):
        active_learning(learner, train, test, strategy="coverage", budgets=(4,), text=text)
    bare = Corpus(tuple(replace(doc, label=None) for doc in test))
    with pytest.raises(DataError, match="must all have a label"):
        active_learning(learner, train, bare, strategy="random", budgets=(4,), text=text)
