import torch

from lichen.data.vocabulary import Vocabulary
from lichen.fusion.interaction import WIDTH, _Round
from lichen.fusion.known import Known
from lichen.fusion.model import FusedModel

LABELS = Vocabulary(["no", "yes"])


def slow_round(step, first, centre, mentions, facts, is_fact):
    """One text whose mentions are all linked."""
    new, read = [], torch.zeros(is_fact.shape)
    for k, (mention, about, there) in enumerate(zip(mentions, facts, is_fact, strict=True)):
        asked = step.query(mention) + centre
        scores = [
            asked @ f / WIDTH**0.5 for f, is_there in zip(about, there, strict=True) if is_there
        ]
        weights = torch.stack([*scores, step.nothing]).softmax(0)
        read[k, there] = weights[:-1]
        kept = [f for f, is_there in zip(about, there, strict=True) if is_there]
        told = sum((w * f for w, f in zip(weights, kept, strict=False)), torch.zeros(WIDTH))
        heard = torch.relu(step.update(torch.cat([told, centre])))
        new.append(step.norm(mention + heard))
    pull = torch.cat([*(step.gather(m) for m in new), torch.zeros(1)]).softmax(0)
    centre = centre + sum(p * m for p, m in zip(pull, new, strict=False))
    mixed = step.mix(torch.cat([first, centre]))
    return first + step.to_text(mixed), centre + step.to_node(mixed), torch.stack(new), read


def test_a_round_is_the_slow_formula():
    torch.manual_seed(0)
    step = _Round(6).eval()
    torch.nn.init.normal_(step.to_text.weight)
    first, centre = torch.randn(1, 6), torch.randn(1, WIDTH)
    mentions, facts = torch.randn(1, 2, WIDTH), torch.randn(1, 2, 3, WIDTH)
    is_fact = torch.tensor([[[True, True, False], [False, False, False]]])
    known = Known(
        mask=torch.ones(1, 4, dtype=torch.bool),
        mention_of=torch.tensor([[-1, 0, 1, -1]]),
        at_mentions=torch.zeros(1, 2, 4),
        is_linked=torch.ones(1, 2, dtype=torch.bool),
        facts=facts,
        is_fact=is_fact,
    )
    found = step(first, centre, mentions, facts, known)
    want = slow_round(step, first[0], centre[0], mentions[0], facts[0], is_fact[0])
    for got, wanted in zip(found, want, strict=True):
        assert torch.allclose(got[0], wanted, atol=1e-5)


def test_there_is_a_round_for_each_layer_above(text, nodes, graph):
    def rounds(at):
        model = FusedModel(text, nodes, graph=graph, fusion="interaction", labels=LABELS, at=at)
        return len(model.fusion.rounds)

    assert [rounds(at) for at in ("input", 1, 2, "output")] == [3, 2, 1, 2]


@torch.no_grad()
def test_the_first_token_hears_of_facts_in_the_layers_above(text, nodes, graph, samples):
    model = FusedModel(text, nodes, graph=graph, fusion="interaction", labels=LABELS, at=1)
    for step in model.fusion.rounds:
        torch.nn.init.normal_(step.to_text.weight)
    batcher = model.batcher()
    batch = batcher.collate(batcher.items(samples[:1]))
    before = model.fused_states(batch)
    batch["facts"][0, 0, 0, 1] = 3
    assert not torch.allclose(model.fused_states(batch)[0, 0], before[0, 0])
