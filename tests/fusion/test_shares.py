import pytest
import torch

from lichen.data.vocabulary import Vocabulary
from lichen.fusion.known import Known
from lichen.fusion.model import FusedModel
from lichen.fusion.shares import Shares

LABELS = Vocabulary(["no", "yes"])


def asked(model, samples):
    """Give the knowledge and passage of a batch of samples."""
    batcher = model.batcher()
    batch = batcher.collate(batcher.items(samples))
    passage, known = model.passage(batch)
    return known, passage


def test_tokens_of_a_mention_are_averaged():
    known = Known(
        mask=torch.ones(1, 4, dtype=torch.bool),
        mention_of=torch.tensor([[-1, 0, 0, 1]]),
        at_mentions=torch.ones(1, 2, 3),
        is_linked=torch.tensor([[True, False]]),
        facts=torch.ones(1, 2, 1, 5),
        is_fact=torch.tensor([[[True], [False]]]),
    )
    weights = torch.tensor([[0.2, 0.3, 0.5], [0.4, 0.5, 0.1]])
    facts, own, others, nothing = Shares.of_own(weights, known)
    assert torch.allclose(facts[0, 0], torch.tensor([0.3]))
    assert torch.allclose(own[0, 0], torch.tensor(0.4))
    assert torch.allclose(nothing[0, 0], torch.tensor(0.3))
    assert others.shape == (1, 2, 0)


@torch.no_grad()
@pytest.mark.parametrize("fusion", ["attention", "gate", "neighbours"])
def test_the_weighed_vectors_are_what_enters_the_states(text, nodes, graph, samples, fusion):
    model = FusedModel(text, nodes, graph=graph, fusion=fusion, labels=LABELS)
    method = model.fusion
    for part in method.parameters():
        torch.nn.init.normal_(part, std=0.3)
    known, passage = asked(model, samples)
    shares = method.weigh(passage, known)
    vectors = method.write(known.at_mentions)
    want = shares.own.unsqueeze(-1) * vectors
    if fusion == "attention":
        want = want + shares.others @ vectors
    if fusion == "neighbours":
        want = want + (shares.facts.unsqueeze(-1) * method.fact_value(known.facts)).sum(2)
    entered = known.mention_means(method(passage, known) - passage.before())
    assert torch.allclose(entered[known.is_linked], want[known.is_linked], atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("at", ["output", 1])
def test_the_weighed_facts_are_what_the_rounds_of_interaction_hear(text, nodes, graph, samples, at):
    model = FusedModel(text, nodes, graph=graph, fusion="interaction", labels=LABELS, at=at)
    method, heard = model.fusion, []
    for part in method.rounds.parameters():
        torch.nn.init.normal_(part, std=0.3)
    known, passage = asked(model, samples)
    width = method.fact.out_features
    for step in method.rounds:
        step.update.register_forward_pre_hook(lambda _, given: heard.append(given[0][..., :width]))
    shares = method.weigh(passage, known)
    assert len(heard) == 2
    want = (shares.facts.unsqueeze(-1) * torch.relu(method.fact(known.facts))).sum(2)
    assert torch.allclose(torch.stack(heard).mean(0), want, atol=1e-5)
    assert torch.equal(shares.facts > 0, known.is_fact)
