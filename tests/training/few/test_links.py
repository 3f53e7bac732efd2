"""Documents of which no mention is linked: knowledge cannot be learned from them."""

from dataclasses import replace

import pytest

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.few.active import active_learning
from lichen.training.few.self_training import self_training
from lichen.training.learner import FusedLearner

CONFIG = TrainConfig(epochs=1, batch_size=64)


def ways(text, model):
    """Give each method of few labels, to be called with labelled and other documents."""
    learner = FusedLearner(model, config=CONFIG)
    return {
        "active": lambda told, rest: active_learning(
            learner, told, rest, strategy="random", budgets=[4], text=text
        ),
        "self-training": lambda told, rest: self_training(learner, told, rest, rounds=1),
    }


@pytest.mark.parametrize("way", ["active", "self-training"])
def test_documents_without_a_link_are_refused_but_for_fusion_none(world, way):
    text, nodes, corpus = world
    docs = tuple(replace(doc, mentions=()) for doc in corpus.train)
    bare = Corpus(docs[:20]), Corpus(docs[20:40])
    fused = FusedModel(text, nodes, labels=corpus.labels())
    with pytest.raises(DataError, match=r"linked to an entity.*20|linked to an entity.*40"):
        ways(text, fused)[way](*bare)
    plain = FusedModel(text, None, fusion="none", labels=corpus.labels())
    ways(text, plain)[way](*bare)
