from dataclasses import replace

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.distil import distil, soft_loss, softened
from lichen.training.loop import train
from lichen.training.predict import predict

CONFIG = TrainConfig(epochs=12, batch_size=32, learning_rate=5e-3)


@pytest.fixture(scope="module")
def teacher(world):
    text, nodes, corpus = world
    return train(FusedModel(text, nodes), corpus.train, config=CONFIG)


def agreement(student, teacher, samples):
    return (predict(student, samples).argmax(1) == predict(teacher, samples).argmax(1)).mean()


def test_a_student_without_a_graph_says_what_its_teacher_says(world, teacher):
    corpus = world[2]
    bare = Corpus(tuple(replace(doc, label=None) for doc in corpus.test))
    texts = Corpus((*corpus.train, *bare))
    config = replace(CONFIG, epochs=40)
    student = distil(teacher, texts, config=config)
    assert student.nodes is None
    assert student.config.fusion == "none"
    labels = teacher.model.labels
    told = corpus.test.samples(labels)
    unlinked = [
        s._replace(mentions=tuple(m._replace(entity=None) for m in s.mentions)) for s in told
    ]
    assert np.array_equal(predict(student, told), predict(student, unlinked))
    plain = FusedModel(world[0], None, fusion="none", labels=labels)
    train(plain, corpus.train, config=config)
    assert agreement(student, teacher, told) >= agreement(plain, teacher, told) + 0.1


def test_the_loss_is_the_formula():
    rng = np.random.default_rng(0)
    logits = torch.from_numpy(rng.normal(size=(3, 4)))
    raw = rng.dirichlet(np.ones(4), size=3)
    truth = torch.tensor([2, -1, 0])
    heat, weight = 3.0, 0.7
    goal = softened(raw, temperature=heat).double()
    expected = []
    for i in range(3):
        power = raw[i] ** (1 / heat)
        p = power / power.sum()
        assert np.allclose(goal[i], p, atol=1e-6)
        odds = np.exp(logits[i].numpy() / heat)
        q = odds / odds.sum()
        soft = heat**2 * (p * np.log(p / q)).sum()
        if truth[i] < 0:
            expected.append(soft)
            continue
        odds = np.exp(logits[i].numpy())
        hard = -np.log(odds[truth[i]] / odds.sum())
        expected.append(weight * soft + (1 - weight) * hard)
    found = soft_loss(logits, goal, truth, temperature=heat, weight=weight)
    assert np.isclose(float(found), np.mean(expected), atol=1e-5)


def test_what_cannot_be_distilled_is_refused(world, teacher):
    text, nodes, corpus = world
    with pytest.raises(ConfigError, match="Train it first"):
        distil(FusedModel(text, nodes), corpus)
    with pytest.raises(DataError, match="at least one document"):
        distil(teacher, Corpus(()))
    with pytest.raises(ConfigError, match=r"distil\.temperature"):
        distil(teacher, corpus, temperature=0.0)
    other = FusedModel(text, None, fusion="none", labels=Vocabulary(["no", "yes"]))
    with pytest.raises(ConfigError, match="must have the teacher's classes"):
        distil(teacher, corpus, student=other)
