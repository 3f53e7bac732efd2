from dataclasses import replace

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.model import FusedModel
from lichen.fusion.tasks.task import make_task
from lichen.training.config import TrainConfig
from lichen.training.consistency import Consistency, ConsistencyLoss, agreement, perturbed
from lichen.training.loop import train
from lichen.training.part import Part
from lichen.training.predict import predict
from lichen.training.run import Run

CONFIG = TrainConfig(epochs=25, batch_size=32, learning_rate=5e-3)


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
@pytest.mark.parametrize("at", ["input", 1])
def test_hidden_words_are_hidden_from_facts_as_words_too(world, world_graph, at):
    text, nodes, corpus = world
    parts = {"graph": world_graph, "labels": corpus.labels(), "train_text": True}
    model = FusedModel(text, nodes, fusion="input", at=at, **parts)
    batcher = model.batcher()
    batch = batcher.collate(batcher.items(corpus.test.samples(model.labels))[:8])
    hidden = perturbed(batch, share=0.6, draw=torch.Generator().manual_seed(0))
    seen = hidden["attention_mask"].bool()
    before, after = model.fused_states(batch), model.fused_states(hidden)
    assert torch.isfinite(after[seen]).all()
    assert (after[seen] - before[seen]).abs().max() > 1e-3
    if at == "input":
        assert torch.equal(batch["visible"].any(2), hidden["visible"].any(2))


def test_unsure_questions_do_not_count():
    seen = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    whole = torch.tensor([[0.9, 0.1], [0.6, 0.4]]).log()
    task = make_task("classify", labels=Vocabulary("ab"))
    found = agreement(task, {}, seen=seen, whole=whole, threshold=0.8, temperature=1.0)
    p, q = np.array([0.9, 0.1]), np.exp([2.0, 0.0]) / np.exp([2.0, 0.0]).sum()
    assert np.isclose(float(found), (p * np.log(p / q)).sum() / 2, atol=1e-6)
    sharp = agreement(task, {}, seen=seen[:1], whole=whole[:1], threshold=0.8, temperature=0.5)
    p = p**2 / (p**2).sum()
    assert np.isclose(float(sharp), (p * np.log(p / q)).sum(), atol=1e-6)


def test_no_question_is_no_loss():
    task, nothing = make_task("tag", labels=Vocabulary(["city"])), torch.zeros(2, 3, 3)
    batch = {"asked": torch.zeros(2, 3, dtype=torch.bool)}
    found = agreement(task, batch, seen=nothing, whole=nothing, threshold=0.5, temperature=1.0)
    assert float(found) == 0.0


def test_of_choices_each_question_counts_once():
    logits = torch.randn(5, 1, generator=torch.Generator().manual_seed(0)) * 3
    seen = torch.randn(5, 1, generator=torch.Generator().manual_seed(1))
    groups = torch.tensor([0, 1, 0, 1, 1])
    task = make_task("choose", labels=Vocabulary(["right", "wrong"]), group="question")
    found = agreement(
        task, {"groups": groups}, seen=seen, whole=logits, threshold=0.0, temperature=1.0
    )
    slow = []
    for rows in ([0, 2], [1, 3, 4]):
        p, q = (x[rows, 0].double().softmax(0) for x in (logits, seen))
        slow.append(float((p * (p / q).log()).sum()))
    assert float(found) == pytest.approx(np.mean(slow), rel=1e-5)


def test_a_model_learns_from_labels_while_it_agrees_with_itself(world, tmp_path):
    text, nodes, corpus = world
    labels, texts = corpus.labels(), corpus.train
    told = Corpus(texts.documents[:120])
    asked = Consistency(texts=texts)
    model = FusedModel(text, nodes, labels=labels, seed=1)
    run = train(model, told, beside=asked, out=tmp_path, config=CONFIG)
    samples = corpus.test.samples(labels)
    truth = np.array([s.label for s in samples])
    assert (predict(model, samples).argmax(1) == truth).mean() >= 0.75
    (again,) = Run.load(tmp_path).beside
    assert again.spec() == asked.spec() == run.beside[0].spec()
    short = replace(CONFIG, epochs=1)
    twins = [FusedModel(text, nodes, labels=labels, seed=1) for _ in range(3)]
    for one, beside in zip(twins, (asked, asked, None), strict=True):
        train(one, told, beside=beside, config=short)
    first, second, alone = (predict(one, samples) for one in twins)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, alone)


def test_the_parts_of_a_turn_read_other_texts_and_no_label(world):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels()).train()
    asked = Consistency(texts=Corpus(corpus.train.documents[:40]), batch_size=8, threshold=0.0)
    parts = [ConsistencyLoss(asked, model, seed=0, part=Part(rank, 2)) for rank in range(2)]
    seen = []
    for part in parts:
        collate = part.batcher.collate
        part.batcher.collate = lambda items, of=collate: seen.append(items) or of(items)
        assert part(3).requires_grad
        assert part.figures()["loss_consistency"] > 0
        assert part.figures() == {}
    assert [len(items) for items in seen] == [4, 4]
    assert not {id(x) for x in seen[0]} & {id(x) for x in seen[1]}
    assert all(item.target is None for items in seen for item in items)
    assert model.training


def test_what_cannot_be_trained_is_refused(world):
    text, nodes, corpus = world
    with pytest.raises(ConfigError, match=r"consistency\.hide"):
        Consistency(texts=corpus, hide=1.5)
    with pytest.raises(DataError, match="there must be one text at least"):
        Consistency(texts=Corpus(()))
    tagger = FusedModel(text, None, fusion="none", task="tag", labels=Vocabulary(["city"]))
    with pytest.raises(ConfigError, match="for what is hidden to change its answers"):
        ConsistencyLoss(Consistency(texts=corpus), tagger, seed=0, part=Part())
    bare = Corpus(tuple(replace(doc, mentions=()) for doc in corpus.train))
    with pytest.raises(DataError, match="consistency: at least one mention must be linked"):
        train(FusedModel(text, nodes), corpus.train, beside=Consistency(texts=bare))
