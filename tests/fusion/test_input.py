import pytest
import torch

from lichen.data.vocabulary import Vocabulary
from lichen.fusion.model import FusedModel

LABELS = Vocabulary(["no", "yes"])


def states_of(model, samples):
    batcher = model.batcher()
    return model.fused_states(batcher.collate(batcher.items(samples)))[0]


@torch.no_grad()
@pytest.mark.parametrize("at", ["input", 1, 2])
@pytest.mark.parametrize("train_text", [False, True])
def test_a_fact_changes_its_mention_alone_as_far_as_the_gate_is_open(
    text, nodes, graph, samples, train_text, at
):
    parts = {"labels": LABELS, "train_text": train_text}
    model = FusedModel(text, nodes, graph=graph, fusion="input", at=at, **parts)
    plain = states_of(FusedModel(text, nodes, fusion="none", **parts), samples[:1])
    moved = []
    for bias in (-100.0, 0.0, 100.0):
        model.fusion.gate.bias.fill_(bias)
        moved.append(states_of(model, samples[:1]) - plain)
    shut, half, whole = moved
    limit = 2e-2 if train_text else 0.0  # the whole text is read with other masks: it rounds
    assert shut.abs().max() <= limit
    assert whole.abs().amax(-1)[[0, 2, 4]].max() <= limit
    assert whole.abs().amax(-1)[[1, 3]].min() > 1e-3
    assert torch.allclose(half, whole / 2, atol=1e-6 + limit)


@torch.no_grad()
def test_a_mention_read_again_is_as_in_the_paper_where_no_other_mention_is(
    text, nodes, graph, samples
):
    """One layer, all other tokens equal: what the mention reads is what K-BERT's reads."""
    parts = {"graph": graph, "fusion": "input", "at": "input", "labels": LABELS}
    model = FusedModel(text, nodes, train_text=True, **parts)
    model.fusion.gate.bias.fill_(100.0)
    model.backbone.encoder.layer = model.backbone.encoder.layer[:1]
    batcher = model.batcher()
    batch = batcher.collate(batcher.items(samples[:1]))
    found = model.fused_states(batch)[0, 1]
    own, again = batch["input_ids"].shape[1], int(batch["again"][0, 1])
    fact = batch["visible"][0, again].nonzero().squeeze(1)
    fact = fact[fact > again]
    ids = torch.cat([batch["grown_ids"][0, :own], batch["grown_ids"][0, fact]]).unsqueeze(0)
    where = torch.cat([torch.arange(own), batch["grown_positions"][0, fact]]).unsqueeze(0)
    visible = torch.zeros((1, 1, own + len(fact), own + len(fact)), dtype=torch.bool)
    visible[..., :own, :own] = True
    visible[..., own:, own:] = True
    visible[..., 1, own:] = True
    visible[..., own:, 1] = True
    out = model.backbone(input_ids=ids, position_ids=where, attention_mask=visible)
    assert torch.allclose(out.last_hidden_state[0, 1], found, atol=2e-2)


@torch.no_grad()
def test_a_text_without_facts_is_read_once(text, nodes, graph, samples, monkeypatch):
    parts = {"graph": graph, "fusion": "input", "labels": LABELS}
    model = FusedModel(text, nodes, at="input", **parts)
    batcher = model.batcher()
    read = []
    monkeypatch.setattr(batcher.branches, "states", lambda grown: read.extend(grown) or grown)
    bare = [sample._replace(mentions=()) for sample in samples]
    items = batcher.items(bare)
    assert not read
    assert all(item.told_states is item.tokens.states for item in items)
    batcher.items(samples)
    assert read
    assert all(grown.has_facts for grown in read)


def test_it_trains_the_language_model_through_the_facts(text, nodes, graph, samples):
    parts = {"graph": graph, "fusion": "input", "at": "input", "labels": LABELS}
    model = FusedModel(text, nodes, train_text=True, **parts)
    batcher = model.batcher()
    batch = batcher.collate(batcher.items(samples))
    assert "states" not in batch
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(**batch).loss
    loss.backward()
    reached = model.backbone.embeddings.word_embeddings.weight.grad.abs().sum(1) > 0
    likes = text.tokenizer.convert_tokens_to_ids("likes")
    assert likes not in batch["input_ids"][3]
    assert reached[likes]


@torch.no_grad()
def test_what_reads_the_facts_is_saved_beside_a_trained_language_model(
    text, nodes, graph, samples, tmp_path
):
    parts = {"graph": graph, "labels": LABELS, "train_text": True}
    model = FusedModel(text, nodes, fusion="input", **parts)
    model.fusion.gate.bias.fill_(2.0)
    for parameter in (*model.backbone.parameters(), *model.head.parameters()):
        parameter.add_(torch.randn(parameter.shape), alpha=0.3)
    said = model.predict(samples)
    model.save_pretrained(tmp_path)
    again = FusedModel.from_pretrained(tmp_path, device="cpu")
    assert torch.equal(again.predict(samples), said)
    assert again.reader.fingerprint == text.fingerprint != again.text.fingerprint
    again.reader = again.text
    assert not torch.equal(again.predict(samples), said)


@pytest.mark.parametrize("select", ["specific", "relevance"])
def test_what_tells_relevance_is_saved_too(text, nodes, graph, tmp_path, select):
    parts = {"graph": graph, "labels": LABELS, "train_text": True, "select": select}
    FusedModel(text, nodes, fusion="neighbours", **parts).save_pretrained(tmp_path)
    assert (tmp_path / "reader").is_dir() is (select == "relevance")
