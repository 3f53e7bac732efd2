import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus, Mention, Sample, Span
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.model import FusedModel
from lichen.training.beside import Beside
from lichen.training.config import TrainConfig
from lichen.training.consistency import Consistency
from lichen.training.few.self_training import self_training
from lichen.training.learner import (
    FusedLearner,
    GraphLearner,
    entity_features,
    require_linked,
    shared_labels,
)

CONFIG = TrainConfig(epochs=1, batch_size=64)


@pytest.fixture
def learners(world):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels())
    return (
        FusedLearner(model, config=CONFIG),
        FusedLearner(model, "none", config=CONFIG),
        GraphLearner(nodes, corpus.labels()),
    )


def test_every_learner_starts_afresh_and_gives_probabilities(world, learners):
    corpus = world[2]
    samples = corpus.test.samples(corpus.labels())
    for learner in learners:
        first, again = (learner.fit(corpus.train, 3).predict(samples) for _ in range(2))
        assert first.shape == (len(samples), 2)
        assert np.allclose(first.sum(1), 1.0)
        assert np.array_equal(first, again)
    model = learners[0].model
    fresh = FusedModel(world[0], world[1], labels=corpus.labels())
    assert torch.equal(model.head.inner.weight, fresh.head.inner.weight)


def test_few_documents_are_read_more_often(world):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels())
    few = Corpus(corpus.train.documents[:40])
    config = TrainConfig(epochs=2, batch_size=16)
    steps = [
        FusedLearner(model, config=config, least_steps=least).fit(few, 0).run.metrics["steps"]
        for least in (0, 10)
    ]
    assert steps == [6, 12]


def test_each_fit_learns_what_is_given_beside_the_labels(world, world_graph):
    text, nodes, corpus = copy.deepcopy(world)
    text.tokenizer.mask_token = text.tokenizer.unk_token  # it has none
    model = FusedModel(text, nodes, labels=corpus.labels(), lora=2)
    few, rest = (Corpus(corpus.train.documents[rows]) for rows in (slice(40), slice(40, 80)))
    beside = (Consistency(texts=rest), Beside(objectives={"fact": 1.0}, graph=world_graph))
    learner = FusedLearner(model, config=CONFIG, beside=beside)
    samples = corpus.test.samples(model.labels)
    plain = replace(learner, beside=None).fit(few, 0).predict(samples)
    assert not np.array_equal(learner.fit(few, 0).predict(samples), plain)
    (agreed,) = replace(learner, kind="none").fit(few, 0).run.beside  # is told no fact
    assert isinstance(agreed, Consistency)
    alone = FusedModel(text, None, fusion="none", labels=model.labels, lora=2)
    dealt = FusedLearner(alone, "shuffled", config=CONFIG, beside=beside[1]).fit(few, 0).run
    assert dealt.beside[0].spec() == beside[1].twin("shuffled", 0).spec()
    taught = self_training(learner, few, rest, rounds=1, threshold=0.5)
    assert len(taught.predictor.run.beside) == 2


def test_entities_are_averaged_and_none_is_told_apart(world):
    nodes = world[1]
    table = nodes.vectors().detach().double().numpy()
    mentions = tuple(Mention(Span(i, i + 1), e) for i, e in enumerate((4, None, 6)))
    samples = [Sample("1", "abc", mentions, None), Sample("2", "abc", (), None)]
    found = entity_features(nodes, samples)
    assert np.allclose(found[0, :-1], (table[4] + table[6]) / 2 / table.std())
    assert found[0, -1] == 1.0
    assert not found[1].any()
    wrong = Sample("3", "a", (Mention(Span(0, 1), 10_000),), None)
    with pytest.raises(DataError, match="an id below"):
        entity_features(nodes, [wrong])


def test_learners_that_cannot_work_together_are_refused(world, learners):
    text, nodes, corpus = world
    with pytest.raises(ConfigError, match="learner: the model must have its classes"):
        FusedLearner(FusedModel(text, nodes))
    with pytest.raises(ConfigError, match="learners must be between 1"):
        shared_labels([], corpus)
    other = GraphLearner(nodes, Vocabulary(["no", "yes"]))
    with pytest.raises(ConfigError, match="one list of classes"):
        shared_labels([learners[0], other], corpus)
    bare = Corpus(tuple(replace(doc, label=None) for doc in corpus))
    with pytest.raises(DataError, match="must have a label"):
        shared_labels(learners, bare)
    with pytest.raises(DataError, match="must have a label"):
        learners[2].fit(bare, 0)


def test_a_part_of_the_data_may_lack_linked_mentions_but_not_the_whole(world, learners):
    corpus = world[2]
    bare = Corpus(tuple(replace(doc, mentions=()) for doc in corpus.train))
    require_linked(learners, corpus)
    require_linked(learners[1:], bare)
    with pytest.raises(DataError, match=r"^learner: at least one mention must be linked"):
        require_linked(learners, bare)
    found = (
        learners[0].fit(Corpus(bare.documents[:8]), 0).predict(corpus.test.samples(bare.labels()))
    )
    assert np.allclose(found.sum(1), 1.0)
