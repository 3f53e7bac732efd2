"""Fusion with causal language models: who sees what, and that knowledge gets in."""

import pytest
import torch
from transformers import GPT2Config, GPT2Model

from lichen.data.vocabulary import Vocabulary
from lichen.fusion import FUSIONS
from lichen.fusion.model import FusedModel
from lichen.fusion.tasks.span import CONTEXT
from lichen.lm import text_encoder
from lichen.lm.text_encoder import TextEncoder
from lichen.training.config import TrainConfig
from lichen.training.loop import train

LABELS = Vocabulary(["no", "yes"])
LEFT_ONLY = ("add", "concat", "dim_gate", "gate", "neighbours")
INSIDE = [name for name in sorted(FUSIONS) if name not in ("none", "input")]


@pytest.fixture(autouse=True)
def _in_full_precision(monkeypatch):
    monkeypatch.setattr(text_encoder, "has_fast_half", lambda _device: False)


def batch_of(model, samples):
    batcher = model.batcher()
    return batcher.collate(batcher.items(samples))


def fused(text, nodes, graph, samples, **more):
    model = FusedModel(text, nodes, graph=graph, labels=LABELS, **more)
    batch = batch_of(model, samples)
    return model, batch, model.fused_states(batch)


@pytest.mark.parametrize("name", LEFT_ONLY)
@torch.no_grad()
def test_what_a_mention_reads_reaches_what_follows_and_nothing_before(
    decoder, nodes, graph, samples, name
):
    model, batch, before = fused(decoder, nodes, graph, samples[:1], fusion=name, at=1)
    second = int((batch["mention_of"][0] == 1).nonzero()[0])
    batch["entities"][0, 1] = 2
    after = model.fused_states(batch)
    moved = (after - before)[0].abs().amax(-1) > 1e-6
    assert moved.tolist() == [i >= second for i in range(len(moved))]


@pytest.mark.parametrize("name", LEFT_ONLY)
@torch.no_grad()
def test_a_token_without_an_entity_is_unchanged_bit_for_bit(decoder, nodes, graph, samples, name):
    _, batch, plain = fused(decoder, nodes, graph, samples, fusion="none")
    _, _, found = fused(decoder, nodes, graph, samples, fusion=name)
    linked = batch["mention_of"] >= 0
    assert torch.equal(found[~linked], plain[~linked])
    assert not torch.equal(found[linked], plain[linked])


@pytest.mark.parametrize("name", [name for name in sorted(FUSIONS) if name != "none"])
@torch.no_grad()
def test_a_text_without_links_is_read_as_without_fusion(decoder, nodes, graph, samples, name):
    _, batch, plain = fused(decoder, nodes, graph, samples, fusion="none")
    _, _, found = fused(decoder, nodes, graph, samples, fusion=name)
    size = int(batch["attention_mask"][2].sum())
    assert torch.allclose(found[2, :size], plain[2, :size], atol=5e-3)


@torch.no_grad()
def test_every_word_sees_entity_tokens(decoder, nodes, graph, samples):
    model, batch, before = fused(decoder, nodes, graph, samples[:1], fusion="entity_tokens", at=1)
    batch["entities"][0, 1] = 2
    moved = (model.fused_states(batch) - before)[0].abs().amax(-1) > 1e-6
    assert moved.tolist() == [False] + [True] * (len(moved) - 1)


@torch.no_grad()
def test_facts_in_the_input_stand_before_their_mention_where_it_is_read_again(
    decoder, nodes, graph, samples
):
    parts = {"graph": graph, "fusion": "input", "at": "input", "labels": LABELS}
    model = FusedModel(decoder, nodes, train_text=True, **parts)
    item = model.batcher().items(samples[:1])[0]
    ids, positions, visible, again = item.grown
    own = len(again)
    assert torch.equal(visible[:own, :own], torch.ones(own, own).tril().bool())
    assert not visible[:own, own:].any()
    assert torch.equal(again >= own, item.mention_of >= 0)
    mention = (item.mention_of == 0).nonzero().squeeze(1)
    reading, first = again[mention], int(mention[0])
    assert torch.equal(ids[reading], ids[mention])
    said = decoder.tokenizer("ada knows bob")["input_ids"]
    fact = int(reading[-1]) + 1 + torch.arange(len(said))
    assert ids[fact].tolist() == said
    seen = visible[reading[0]].nonzero().squeeze(1).tolist()
    assert [i for i in seen if i < own] == list(range(first))
    assert set(fact.tolist()) <= set(seen)
    assert positions[mention[0]] == positions[reading[0]] - len(said) == positions[fact].min()
    sees, is_seen = visible.nonzero(as_tuple=True)
    assert (positions[sees] >= positions[is_seen]).all()


@torch.no_grad()
def test_the_last_token_speaks_for_the_text(decoder, nodes, graph, samples):
    model = FusedModel(decoder, nodes, graph=graph, fusion="interaction", labels=LABELS, at=1)
    for step in model.fusion.rounds:
        torch.nn.init.normal_(step.to_text.weight)
    batch = batch_of(model, samples[:1])
    before = model.fused_states(batch)
    batch["facts"][0, 0, 0, 1] = 3
    moved = (model.fused_states(batch) - before)[0].abs().amax(-1) > 1e-6
    assert moved.tolist() == [False] * (len(moved) - 1) + [True]


def test_no_answer_is_said_at_the_last_token(decoder, nodes, samples):
    model = FusedModel(decoder, nodes, task="span", labels=Vocabulary(["answer"]))
    asked = samples[0]._replace(meta={CONTEXT: "4"}, spans=())
    item = model.batcher().items([asked])[0]
    assert item.target[0] == 0
    assert item.target[-1] == 7
    logits = torch.zeros(len(item.target), 2)
    logits[-1] = 1.0
    assert model.task.decode([logits], [item]) == [()]
    logits[-3, 0] = logits[-2, 1] = 2.0  # " bo" and "b"
    assert model.task.decode([logits], [item])[0][0].span == (10, 13)


@torch.no_grad()
def test_a_model_in_bfloat16_is_read_from_kept_states(decoder, nodes, samples):
    decoder.model.bfloat16()
    model = FusedModel(decoder, nodes, fusion="gate", labels=LABELS, at=1)
    batch = batch_of(model, samples)
    mask = batch["attention_mask"].bool()
    kept = model.fused_states(batch)[mask]
    del batch["states"]
    assert torch.allclose(model.fused_states(batch)[mask], kept, atol=1e-1)
    whole = FusedModel(decoder, nodes, fusion="gate", labels=LABELS, train_text=True)
    assert {p.dtype for p in whole.backbone.parameters()} == {torch.float32}


def test_knowledge_gets_in(world, world_graph):
    """Whether a city lies in a land is said by the graph alone."""
    words, nodes, corpus = world
    torch.manual_seed(0)
    sizes = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 20}
    special = {"bos_token_id": None, "eos_token_id": None, "vocab_size": len(words.tokenizer)}
    text = TextEncoder(GPT2Model(GPT2Config(**sizes, **special)), words.tokenizer, name="tiny")
    found = {}
    for name in ("none", "add", "interaction"):
        model = FusedModel(text, nodes, graph=world_graph, fusion=name)
        run = train(model, corpus.train, config=TrainConfig(epochs=20))
        samples = corpus.test.samples(run.model.labels)
        said = torch.as_tensor(run.model.predict(samples)).argmax(1)
        found[name] = float((said == torch.tensor([s.label for s in samples])).float().mean())
    assert found["none"] < 0.7  # half, and what 39 claims vary by
    assert min(found["add"], found["interaction"]) > 0.85
