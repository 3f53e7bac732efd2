import torch

from lichen.data.vocabulary import Vocabulary
from lichen.fusion.model import FusedModel

LABELS = Vocabulary(["no", "yes"])


@torch.no_grad()
def test_a_fact_changes_its_mention_and_names_are_read(text, nodes, graph, samples):
    model = FusedModel(text, nodes, graph=graph, fusion="input", labels=LABELS)
    plain = FusedModel(text, nodes, fusion="none", labels=LABELS)
    found = []
    for one in (model, plain):
        batcher = one.batcher()
        found.append(one.fused_states(batcher.collate(batcher.items(samples[:1]))))
    assert (found[0] - found[1])[0, 1].abs().max() > 1e-3


def test_it_trains_the_language_model_through_the_facts(text, nodes, graph, samples):
    model = FusedModel(text, nodes, graph=graph, fusion="input", labels=LABELS, train_text=True)
    batcher = model.batcher()
    batch = batcher.collate(batcher.items(samples))
    assert "states" not in batch
    model(**batch).loss.backward()
    reached = model.backbone.embeddings.word_embeddings.weight.grad.abs().sum(1) > 0
    likes = text.tokenizer.convert_tokens_to_ids("likes")
    assert likes not in batch["input_ids"][3]
    assert reached[likes]
