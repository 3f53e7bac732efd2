import pytest
import torch

from lichen.data.corpus import Corpus, LabelledSpan, Span
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.model import FusedModel
from lichen.fusion.sibling import sibling
from lichen.training.consistency import Consistency
from lichen.training.facts_loss import facts_beside
from lichen.training.joined import ALONE
from lichen.training.learning import Learning

KINDS = Vocabulary(["city"])


@pytest.fixture
def models(world, world_graph):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels(), graph=world_graph)
    return {"claims": model, "kinds": sibling(model, task="tag", labels=KINDS)}


def batch_of(model, corpus):
    batcher = model.batcher()
    samples = model.task.samples(Corpus(corpus.documents[:8]))
    tagged = [s._replace(spans=(LabelledSpan(Span(0, 3), "city"),)) for s in samples]
    return batcher.collate(batcher.items(tagged))


def test_a_loss_is_weighed_and_remembered_as_it_was(world, models):
    both = Learning(models, weights={"kinds": 3.0}, seed=0).eval()
    other = models["kinds"]
    batch = batch_of(other, world[2])
    plain = other(**batch).loss.detach()
    found = both({"task": 1, **batch}, 0)["loss"]
    assert torch.allclose(found, 3 * plain)
    assert both.losses()["kinds"] == pytest.approx(float(plain))
    assert both.losses()["claims"] != both.losses()["claims"]


def test_what_is_learned_beside_is_added_once_a_batch_as_it_weighs(world, world_graph):
    text, nodes, corpus = world
    model = FusedModel(
        text,
        nodes,
        labels=corpus.labels(),
        graph=world_graph,
        train_nodes=True,
        triple=0.5,
    )
    asked = Consistency(texts=corpus.train, weight=2.0, threshold=0.0, batch_size=4)
    learning = Learning({ALONE: model}, weights={}, beside=(asked,), seed=3).eval()
    batch = batch_of(model, corpus)
    facts = facts_beside(model, seed=3)(model.nodes, 5)
    total = learning(batch, 5)["loss"]
    agreed = learning.figures()["loss_consistency"]
    slow = model(**batch).loss + 2.0 * agreed + 0.5 * facts
    assert torch.allclose(total, slow, rtol=1e-5)
    assert torch.equal(learning(batch, 5)["loss"], total)
    assert not torch.equal(learning(batch, 6)["loss"], total)


def test_its_own_state_is_no_models(models):
    learning = Learning(models, weights={}, seed=0)
    assert set(learning.own_state()) == {"total", "count"}
