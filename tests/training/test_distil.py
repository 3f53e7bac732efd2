from dataclasses import replace

import numpy as np
import pytest

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.distil import distil
from lichen.training.loop import train
from lichen.training.predict import predict
from lichen.training.teacher import Teacher

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
    student = distil(teacher, texts, config=config).model
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


def test_it_is_a_run_that_is_kept_and_read_back(world, teacher, tmp_path):
    few = Corpus(world[2].train.documents[:40])
    once = replace(CONFIG, epochs=1)
    asked = Teacher(model=teacher, temperature=3.0)
    first, again = (distil(asked, few, out=tmp_path, config=once) for _ in range(2))
    assert again.beside[0].temperature == 3.0
    samples = few.samples(teacher.model.labels)
    assert np.array_equal(predict(first, samples), predict(again, samples))


def test_what_cannot_be_distilled_is_refused(world, teacher):
    text, nodes, corpus = world
    with pytest.raises(ConfigError, match="Train it first"):
        distil(FusedModel(text, nodes), corpus)
    with pytest.raises(DataError, match="at least one document"):
        distil(teacher, Corpus(()))
    other = FusedModel(text, None, fusion="none", labels=Vocabulary(["no", "yes"]))
    with pytest.raises(ConfigError, match="must have the teacher's classes"):
        distil(teacher, corpus, student=other)
