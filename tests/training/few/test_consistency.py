from dataclasses import replace

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.model import FusedModel
from lichen.training.beside import Beside, BesideLoss
from lichen.training.config import TrainConfig
from lichen.training.few.consistency import (
    ConsistencyConfig,
    agreement,
    consistency,
    perturbed,
)
from lichen.training.predict import predict

CONFIG = ConsistencyConfig(epochs=10, batch_size=32, learning_rate=5e-3)


def test_words_and_links_are_hidden_and_the_batch_is_left_alone(world):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels())
    batcher = model.batcher()
    batch = batcher.collate(batcher.items(corpus.test.samples(model.labels)))
    before = {k: v.clone() for k, v in batch.items()}
    whole = perturbed(batch, share=1.0, draw=torch.Generator())
    kept = batch["mention_of"] >= 0
    kept[torch.arange(len(kept)), batch["attention_mask"].sum(1) - 1] = True  # it closes the text
    assert torch.equal(whole["attention_mask"].bool()[:, 1:], kept[:, 1:])
    assert whole["attention_mask"][:, 0].all()
    assert (whole["entities"] == -1).all()
    half = perturbed(batch, share=0.5, draw=torch.Generator().manual_seed(0))
    linked = batch["entities"] >= 0
    assert 0.3 < (half["entities"][linked] >= 0).float().mean() < 0.7
    none = perturbed(batch, share=0.0, draw=torch.Generator())
    assert all(torch.equal(none[k], before[k]) for k in before)
    assert all(torch.equal(batch[k], before[k]) for k in before)


@torch.no_grad()
def test_hidden_words_are_hidden_from_facts_as_words_too(world, world_graph):
    text, nodes, corpus = world
    model = FusedModel(
        text, nodes, fusion="input", graph=world_graph, labels=corpus.labels(), train_text=True
    )
    batcher = model.batcher()
    batch = batcher.collate(batcher.items(corpus.test.samples(model.labels))[:8])
    hidden = perturbed(batch, share=0.6, draw=torch.Generator().manual_seed(0))
    seen = hidden["attention_mask"].bool()
    before, after = model.fused_states(batch), model.fused_states(hidden)
    assert torch.isfinite(after[seen]).all()
    assert (after[seen] - before[seen]).abs().max() > 1e-3
    assert torch.equal(batch["visible"].any(2), hidden["visible"].any(2))


def test_unsure_texts_do_not_count():
    seen = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    sure = torch.tensor([[0.9, 0.1], [0.6, 0.4]])
    found = agreement(seen, sure, threshold=0.8, temperature=1.0)
    p, q = np.array([0.9, 0.1]), np.exp([2.0, 0.0]) / np.exp([2.0, 0.0]).sum()
    assert np.isclose(float(found), (p * np.log(p / q)).sum() / 2, atol=1e-6)
    sharp = agreement(seen[:1], sure[:1], threshold=0.8, temperature=0.5)
    p = p**2 / (p**2).sum()
    assert np.isclose(float(sharp), (p * np.log(p / q)).sum(), atol=1e-6)


def test_a_model_learns_from_labels_while_it_agrees_with_itself(world):
    text, nodes, corpus = world
    labels = corpus.labels()
    texts = corpus.train
    model = FusedModel(text, nodes, labels=labels, seed=1)
    assert consistency(model, Corpus(texts.documents[:120]), texts, config=CONFIG) is model
    samples = corpus.test.samples(labels)
    truth = np.array([s.label for s in samples])
    assert (predict(model, samples).argmax(1) == truth).mean() >= 0.75
    short = ConsistencyConfig(epochs=1)
    first, again = (FusedModel(text, nodes, labels=labels, seed=1) for _ in range(2))
    for twin in (first, again):
        consistency(twin, Corpus(texts.documents[:120]), texts, config=short)
    assert np.array_equal(predict(first, samples), predict(again, samples))


def test_what_cannot_be_trained_is_refused(world):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels())
    with pytest.raises(ConfigError, match="must have its classes"):
        consistency(FusedModel(text, nodes), corpus, corpus)
    with pytest.raises(ConfigError, match=r"consistency\.hide"):
        ConsistencyConfig(hide=1.5)
    with pytest.raises(ConfigError, match="must be of type ConsistencyConfig; got TrainConfig"):
        consistency(model, corpus, corpus, config=TrainConfig())
    facts = Beside(objectives={"fact": 1.0})
    with pytest.raises(ConfigError, match=r"^beside: the language model must be trained"):
        consistency(model, corpus, corpus, beside=facts)
    with pytest.raises(DataError, match="one unlabelled document"):
        consistency(model, corpus, Corpus(()))


def test_facts_are_learned_while_a_model_agrees_with_itself(
    tiny_text, tiny_graph, tiny_corpus, monkeypatch
):
    found = []

    class Kept(BesideLoss):
        def forward(self, turn):
            loss = super().forward(turn)
            found.append((turn, float(loss.detach())))
            return loss

    monkeypatch.setattr("lichen.training.few.consistency.BesideLoss", Kept)
    docs = (replace(doc, label="odd" if int(doc.id) % 2 else "even") for doc in tiny_corpus)
    told = Corpus(tuple(docs))
    nodes = GraphEncoder("complex", tiny_graph, dim=8)
    model = FusedModel(tiny_text, nodes, labels=told.labels(), train_text=True, seed=1)
    config = ConsistencyConfig(epochs=40, batch_size=4, text_learning_rate=3e-3)
    facts = Beside(objectives={"fact": 1.0}, graph=tiny_graph, batch_size=8)
    consistency(model, told, tiny_corpus, config=config, beside=facts)
    turns, losses = zip(*found, strict=True)
    assert turns == tuple(range(40 * 3))
    assert np.mean(losses[-6:]) < 0.8 * np.mean(losses[:6])
