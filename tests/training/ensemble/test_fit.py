from dataclasses import replace

import numpy as np
import pytest

from lichen.base.errors import ChoiceError, ConfigError, DataError
from lichen.data.corpus import Corpus
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.ensemble import ENSEMBLES
from lichen.training.ensemble.fit import fit_ensemble
from lichen.training.learner import FusedLearner, GraphLearner


@pytest.mark.parametrize("name", sorted(ENSEMBLES))
def test_every_ensemble_joins_fused_text_and_graph_learners(world, name):
    text, nodes, corpus = world
    labels = corpus.labels()
    model = FusedModel(text, nodes, labels=labels)
    config = TrainConfig(epochs=6, batch_size=32, learning_rate=5e-3)
    learners = (
        FusedLearner(model, config=config),
        FusedLearner(model, "none", config=config),
        GraphLearner(nodes, labels),
    )
    samples = corpus.test.samples(labels)
    truth = np.array([s.label for s in samples])
    sizes = {"stacking": {"folds": 2}}.get(name, {"rounds": 1 if name == "bagging" else 3})
    found = fit_ensemble(name, learners, corpus.train, seed=1, **sizes).predict(samples)
    assert found.shape == (len(samples), 2)
    assert np.allclose(found.sum(1), 1.0)
    assert (found.argmax(1) == truth).mean() >= 0.65


@pytest.mark.parametrize("name", sorted(ENSEMBLES))
def test_the_same_seed_gives_the_same_ensemble_and_bad_input_one_line(world, name):
    text, nodes, corpus = world
    learners = [GraphLearner(nodes, corpus.labels())]
    fused = FusedLearner(FusedModel(text, nodes, labels=corpus.labels()))
    bare = Corpus(tuple(replace(doc, mentions=()) for doc in corpus.train))
    with pytest.raises(DataError, match="at least one mention must be linked"):
        fit_ensemble(name, [fused], bare)
    samples = corpus.test.samples(corpus.labels())
    found = [fit_ensemble(name, learners, corpus.train, seed=4).predict(samples) for _ in range(2)]
    assert np.array_equal(*found)
    with pytest.raises(ConfigError, match="learners must be between 1"):
        fit_ensemble(name, [], corpus.train)
    with pytest.raises(DataError, match="is empty"):
        fit_ensemble(name, learners, Corpus(()))
    key = {"stacking": "folds"}.get(name, "rounds")
    with pytest.raises(ConfigError, match=rf"{name}\.{key} must be between"):
        fit_ensemble(name, learners, corpus.train, **{key: 0})


def test_a_name_that_is_none_is_told_the_nearest():
    with pytest.raises(ChoiceError, match="Did you mean 'bagging'"):
        fit_ensemble("baging", [], Corpus(()))


def test_what_is_no_list_of_learners_or_no_setting_is_one_clear_line(world):
    text, nodes, corpus = world
    learner = GraphLearner(nodes, corpus.labels())
    for learners, said in (
        (learner, "learners must be of type Sequence; got GraphLearner"),
        ([FusedModel(text, nodes)], "got FusedModel. Pass such as FusedLearner"),
    ):
        with pytest.raises(ConfigError, match=said):
            fit_ensemble("bagging", learners, corpus.train)
    with pytest.raises(ChoiceError, match=r"^a setting of bagging must be one of .*; got 'folds'"):
        fit_ensemble("bagging", [learner], corpus.train, folds=3)
    with pytest.raises(ConfigError, match=r"^ensemble: seed must be"):
        fit_ensemble("bagging", [learner], corpus.train, seed=-1)


def test_a_fold_without_two_classes_is_told_as_it_is(world):
    _, nodes, corpus = world
    false = [doc for doc in corpus.train if doc.label == "false"][:6]
    rare = next(doc for doc in corpus.train if doc.label == "true")
    learner = GraphLearner(nodes, corpus.labels())
    with pytest.raises(DataError, match=r"^stacking: .* outside fold [12] of 2 are all of one\. "):
        fit_ensemble("stacking", [learner], Corpus((rare, *false)), folds=2)
