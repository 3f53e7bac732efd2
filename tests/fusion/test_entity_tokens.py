import torch

from lichen.data.vocabulary import Vocabulary
from lichen.fusion.model import FusedModel
from lichen.fusion.splice import run_layers

LABELS = Vocabulary(["no", "yes"])


@torch.no_grad()
def test_it_is_the_backbone_on_a_longer_sequence(text, nodes, samples):
    """One text with one mention, put together by hand."""
    model = FusedModel(text, nodes, fusion="entity_tokens", labels=LABELS, at=1, mentions=1)
    batcher = model.batcher()
    batch = batcher.collate(batcher.items(samples[3:4]))
    states, layer = batch["states"], model.fusion
    mention = states[0, 1]
    size = states[0].norm(dim=-1).mean() / 16**0.5
    entity = mention + size * layer.write(nodes.vectors([1])[0] * model.scale) + layer.mark
    longer = torch.cat([states, entity[None, None]], 1)
    inputs = {"input_ids": torch.tensor([[2, 5, 3, 0]]), "attention_mask": torch.ones(1, 4).long()}
    out = run_layers(text.model, inputs, given=(1, longer), as_tuple=text.returns_tuple)
    want = out[:, :3].clone()
    want[0, 1] += out[0, 3]
    assert torch.allclose(model.fused_states(batch), want, atol=2e-2)


@torch.no_grad()
def test_other_words_change_by_what_an_entity_is(text, nodes, samples):
    model = FusedModel(text, nodes, fusion="entity_tokens", labels=LABELS, at=1)
    batcher = model.batcher()
    batch = batcher.collate(batcher.items(samples[:1]))
    before = model.fused_states(batch)
    batch["entities"][0, 0] = 2
    unlinked = batch["mention_of"][0] < 0
    assert not torch.allclose(model.fused_states(batch)[0, unlinked], before[0, unlinked])


def test_a_text_at_the_limit_leaves_room_for_its_entities(text, nodes, samples):
    model = FusedModel(text, nodes, fusion="entity_tokens", labels=LABELS, at="input")
    long = samples[0]._replace(text="ada knows bob " + "the " * 40)
    batcher = model.batcher()
    items = batcher.items([long])
    assert len(items[0].tokens.ids) == text.max_tokens - model.config.mentions
    assert items[0].tokens.ids[-1] == 3
    assert torch.isfinite(model.fused_states(batcher.collate(items))).all()
