from dataclasses import replace

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus, Document, Mention, Span
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.few.adaptation import adapt_text
from lichen.training.joint import PretrainConfig
from lichen.training.loop import train
from lichen.training.objectives.mask import MaskedWords
from lichen.training.objectives.windows import Windows
from lichen.training.pretrain import pretrain

CONFIG = PretrainConfig(
    head_steps=20,
    steps=120,
    batch_size=8,
    max_tokens=16,
    learning_rate=5e-3,
    head_learning_rate=1e-2,
)
SHORT = replace(CONFIG, head_steps=2, steps=3)


def texts(rows, label=None):
    """Tell of towns in two wordings each: what is hidden in one stands in the other."""
    wordings = ("town c{0} lies in l{1} .", "l{1} holds big town c{0} .")
    told = [wordings[i % 2].format(i // 2, i // 2 % 4) for i in rows]
    return Corpus(tuple(Document(id=str(i), text=x, label=label) for i, x in enumerate(told)))


def loss_of(text, seen, held, graph):
    """Return the loss on held texts under a head that learns from the seen ones alone."""
    still = replace(CONFIG, head_steps=60, steps=1, learning_rate=0.0, head_learning_rate=1e-2)
    run = pretrain(text, seen, graph, objectives={"mask": 1.0}, config=still)
    windows = Windows(run.text, held, graph, max_tokens=16)
    objective = MaskedWords(run.text, windows, graph)
    objective.head = run.head
    with torch.no_grad():
        return np.mean([float(objective.loss(objective.draw(i, size=8, seed=5))) for i in range(9)])


def test_the_masked_word_loss_on_held_out_texts_falls(tiny_text, tiny_graph):
    held = [1, 6, 11, 16, 21]
    seen = [i for i in range(24) if i not in held]
    before = tiny_text.fingerprint
    adapted = adapt_text(tiny_text, texts(seen), config=CONFIG)
    assert tiny_text.fingerprint == before
    assert not adapted.model.training
    first, last = (
        loss_of(text, texts(seen), texts(held), tiny_graph) for text in (tiny_text, adapted)
    )
    assert last < 0.8 * first


def test_one_seed_gives_one_encoder_whatever_labels_and_links_say(tiny_text):
    bare, told = texts(range(8)), texts(range(8), label="true")
    foreign = told.with_mentions([(Mention(Span(0, 2), 999),) for _ in told])
    one = adapt_text(tiny_text, bare, config=SHORT, seed=3).fingerprint
    assert adapt_text(tiny_text, foreign, config=SHORT, seed=3).fingerprint == one
    assert adapt_text(tiny_text, bare, config=SHORT, seed=4).fingerprint != one


@pytest.mark.parametrize("train_text", [False, True])
def test_the_adapted_encoder_is_fused_as_any_other(tiny_text, tiny_corpus, tiny_graph, train_text):
    adapted = adapt_text(tiny_text, tiny_corpus, config=SHORT)
    before = adapted.fingerprint
    labelled = Corpus(
        tuple(replace(x, label=("low", "high")[i % 2]) for i, x in enumerate(tiny_corpus))
    )
    nodes = GraphEncoder("complex", tiny_graph, dim=8)
    model = FusedModel(adapted, nodes, train_text=train_text)
    run = train(model, labelled, valid=labelled, config=TrainConfig(epochs=2, batch_size=4))
    assert 0.0 <= run.metrics["valid_accuracy"] <= 1.0
    assert adapted.fingerprint == before
    assert (model.text.fingerprint != before) == train_text


def test_what_cannot_be_learned_from_is_one_line(tiny_text):
    with pytest.raises(DataError, match="must have words; got none among 0"):
        adapt_text(tiny_text, Corpus(()))
    blank = Corpus((Document(id="a", text=" \n"),))
    with pytest.raises(DataError, match="got none among 1"):
        adapt_text(tiny_text, blank)
    tiny_text.tokenizer.mask_token = None
    with pytest.raises(ConfigError, match="must have a mask token"):
        adapt_text(tiny_text, texts(range(4)))
