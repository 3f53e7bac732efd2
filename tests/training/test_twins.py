import numpy as np
import pytest
import torch

from lichen.base.errors import ChoiceError, ConfigError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.loop import train
from lichen.training.predict import predict
from lichen.training.twins import twin, untrained_twin

CONFIG = TrainConfig(epochs=12, batch_size=32, learning_rate=5e-3)


def accuracy(run, corpus):
    samples = corpus.samples(run.model.labels)
    hits = predict(run, samples).argmax(1) == np.array([s.label for s in samples])
    return hits.mean()


@pytest.mark.parametrize("at", ["output", 1])
def test_a_fused_model_beats_its_twins_on_facts_its_texts_never_told(world, at):
    text, nodes, corpus = world
    run = train(FusedModel(text, nodes, at=at), corpus.train, config=CONFIG)
    fused = accuracy(run, corpus.test)
    none = accuracy(twin(run, "none", 0), corpus.test)
    shuffled = accuracy(twin(run, "shuffled", 0), corpus.test)
    assert fused >= 0.85
    assert fused - max(none, shuffled) >= 0.2


def test_twins_differ_in_knowledge_alone(world):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels(), mentions=2, seed=4)
    none, shuffled, same = (untrained_twin(model, k, 4) for k in ("none", "shuffled", "fused"))
    sizes = {name: p.shape for name, p in model.head.named_parameters()}
    for other in (none, shuffled, same):
        assert {name: p.shape for name, p in other.head.named_parameters()} == sizes
        assert torch.equal(other.head.inner.weight, model.head.inner.weight)
        assert other.config.mentions == 2
    assert not list(none.fusion.parameters())
    assert torch.equal(shuffled.fusion.write.weight, model.fusion.write.weight)
    for other in (shuffled, same):
        assert torch.equal(other.nodes.vectors(), model.nodes.vectors())
    assert same.deal is None
    assert sorted(shuffled.deal.tolist()) == list(range(nodes.num_entities))
    samples = corpus.train.samples(corpus.labels())[:20]
    asked, dealt = (m.batcher().items(samples) for m in (model, shuffled))
    assert [[shuffled.deal[e] for e in i.entities] for i in asked] == [i.entities for i in dealt]


@pytest.mark.parametrize("kind", ["none", "shuffled", "fused"])
def test_twins_of_adapters_start_from_the_plain_language_model(world, tmp_path, kind):
    text, nodes, corpus = world
    run = train(FusedModel(text, nodes, lora=2), corpus.train, config=TrainConfig(epochs=1))
    run.model.save_pretrained(tmp_path)
    plain = FusedModel(text, nodes, labels=corpus.labels(), lora=2, seed=3)
    for trained in (run.model, FusedModel.from_pretrained(tmp_path, device="cpu")):
        other = untrained_twin(trained, kind, 3)
        mine, theirs = (m.backbone.state_dict() for m in (plain, other))
        assert mine.keys() == theirs.keys()
        assert all(x.equal(theirs[name]) for name, x in mine.items())


def test_the_counting_twin_knows_how_many_facts_and_not_which(world, tmp_path):
    text, nodes, corpus = world
    labels = corpus.labels()
    graph = Graph.from_triples([(h, "lies_in", t) for h, t in (("c0", "l0"), ("c1", "l0"))])
    few = GraphEncoder("complex", graph, dim=4)
    model = FusedModel(text, few, graph=graph, fusion="neighbours", labels=labels)
    vectors = untrained_twin(model, "count", 0).nodes.vectors()
    assert torch.allclose(vectors[0], vectors[2])
    assert torch.allclose(vectors[1], vectors[0] * np.log(3) / np.log(2), atol=1e-6)
    blind = untrained_twin(FusedModel(text, nodes, labels=labels), "count", 0).nodes.vectors()
    assert torch.equal(blind, blind[:1].expand_as(blind))
    for kind in ("count", "shuffled"):
        with pytest.raises(ConfigError, match="must not be saved"):
            untrained_twin(model, kind, 0).save_pretrained(tmp_path)
    for at, shown in (("input", "branches"), (1, "reader")):
        worded = FusedModel(text, few, graph=graph, fusion="input", labels=labels, at=at)
        words, twin_words = (
            tokens_of(text, getattr(one.batcher(), shown)._words(0, (0, 1)))
            for one in (worded, untrained_twin(worded, "count", 0))
        )
        assert len(twin_words) == len(words)
        assert len(set(twin_words)) == 1


def tokens_of(text, words):
    return text.tokenizer.tokenize(words) if isinstance(words, str) else words


def test_twins_of_what_cannot_have_them_are_refused(world, tmp_path):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels())
    with pytest.raises(ChoiceError, match="Did you mean 'shuffled'"):
        untrained_twin(model, "shufled")
    bare = FusedModel(text, None, fusion="none", labels=corpus.labels())
    with pytest.raises(ConfigError, match="needs a graph encoder"):
        untrained_twin(bare, "shuffled")
    FusedModel(text, nodes, labels=corpus.labels(), train_text=True).save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="as they ended"):
        untrained_twin(FusedModel.from_pretrained(tmp_path), "none")


def test_twins_of_a_run_that_reported_report_to_nobody(world, tmp_path):
    pytest.importorskip("tensorboard", reason="the reporter is not installed")
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels())
    config = TrainConfig(epochs=1, report_to="tensorboard")
    run = train(model, corpus, out=tmp_path / "run", config=config)
    found = {path.name for path in tmp_path.rglob("events*")}
    assert found
    twin(run, "none")
    assert {path.name for path in tmp_path.rglob("events*")} == found
