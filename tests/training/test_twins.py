import numpy as np
import pytest
import torch

from lichen.base.errors import ChoiceError, ConfigError
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
    assert not torch.equal(shuffled.nodes.vectors(), model.nodes.vectors())
    assert torch.equal(same.nodes.vectors(), model.nodes.vectors())
    sorted_rows = [n.nodes.vectors().sort(dim=0).values for n in (shuffled, model)]
    assert torch.equal(*sorted_rows)


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
