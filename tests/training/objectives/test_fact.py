import numpy as np
import torch

from lichen.training.joint import PretrainConfig
from lichen.training.objectives.fact import MaskedFacts, written
from lichen.training.objectives.mask import IGNORED
from lichen.training.pretrain import pretrain


def test_a_fact_is_written_with_both_entities_mentioned(graph):
    fact = graph.split("train")[0].tolist()
    doc = written(graph, fact)
    assert doc.text == "c0 lies in l0"
    said = [doc.text[m.span.start : m.span.end] for m in doc.mentions]
    assert said == ["c0", "l0"]
    assert [m.entity for m in doc.mentions] == [fact[0], fact[2]]


def test_one_whole_entity_is_hidden_and_either_end_is(text, windows, graph):
    objective = MaskedFacts(text, windows, graph)
    batch = objective.batch(np.zeros(60, dtype=np.int64), np.random.default_rng(0))
    hidden = batch["targets"] != IGNORED
    told = [
        text.tokenizer.decode(row[hide]) for row, hide in zip(batch["targets"], hidden, strict=True)
    ]
    assert set(told) == {"c0", "l0"}


def test_facts_of_the_test_are_not_written(text, windows, graph):
    objective = MaskedFacts(text, windows, graph)
    assert objective.num_items == len(graph.split("train"))
    tails = {place.entity for w in objective.windows.items for place in w.places}
    assert graph.split("test")[0].tolist()[0] not in tails


def test_the_loss_is_the_cross_entropy_of_the_hidden_entity_one_by_one(text, windows, graph):
    objective = MaskedFacts(text, windows, graph)
    batch = objective.draw(0, size=4, seed=0)
    words = text.model.get_input_embeddings().weight
    each = []
    for states, targets in zip(objective.states(batch), batch["targets"], strict=True):
        for state, target in zip(states, targets, strict=True):
            if target != IGNORED:
                each.append(-objective.head(state, words).log_softmax(-1)[target])
    assert torch.allclose(objective.loss(batch), torch.stack(each).mean(), atol=1e-5)


def test_facts_are_told_through_the_head_of_masked_words(tiny_text, tiny_corpus, tiny_graph):
    still = PretrainConfig(head_steps=1, steps=2, batch_size=4, max_tokens=16)
    both = {"mask": 1.0, "fact": 1.0}
    run = pretrain(tiny_text, tiny_corpus, tiny_graph, objectives=both, config=still)
    alone = pretrain(tiny_text, tiny_corpus, tiny_graph, objectives={"mask": 1.0}, config=still)
    assert run.head is not None
    assert not torch.equal(run.head.bias, alone.head.bias)
