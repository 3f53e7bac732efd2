import pytest
import torch

from lichen.data.corpus import Candidate, Mention, Span
from lichen.reasoning import decode
from lichen.reasoning.actions import Inventory
from lichen.reasoning.decode import Decoder
from lichen.reasoning.features import PIECES_PER_TOKEN, Seen
from lichen.reasoning.fit import Labels
from lichen.reasoning.matcher import Matcher, MatcherConfig
from lichen.reasoning.program import execute
from lichen.reasoning.view import FactView


@pytest.fixture
def decoder(lands):
    view = FactView(lands)
    inventory = Inventory.of(view)
    count = len(inventory.labels)
    torch.manual_seed(0)
    matcher = Matcher(MatcherConfig(text_dim=12, dim=16, heads=2), count).eval()
    vectors = torch.randn(count, 12)
    categories = torch.from_numpy(inventory.categories())
    return Decoder(matcher, Labels(inventory, vectors, torch.arange(count), categories), view)


def seen(num_mentions):
    pointers = torch.tensor([0, *range(1, num_mentions + 1)])
    return Seen(
        torch.randn(len(pointers), 12).bfloat16(),
        pointers,
        torch.zeros(len(pointers), PIECES_PER_TOKEN, dtype=torch.long),
    )


def mention(*entities):
    scores = [1.0 / (i + 1) for i in range(len(entities))]
    candidates = tuple(Candidate(e, s) for e, s in zip(entities, scores, strict=True))
    return Mention(Span(0, 1), entities[0], candidates)


def test_what_is_called_executable_leads_somewhere_in_the_graph(decoder, lands):
    names = ("Austria", "Vienna", "Danube", "Malta")
    for name in names:
        readings = decoder.read(seen(1), [mention(lands.entities.id(name))])
        able = [r for r in readings if r.is_executable and r.query.operation != "lookup"]
        assert able
        for reading in able:
            assert not execute(decoder.view, reading.query).is_empty


def test_an_ambiguous_mention_is_read_in_each_meaning(decoder, lands):
    vienna, danube = lands.entities.id("Vienna"), lands.entities.id("Danube")
    readings = decoder.read(seen(1), [mention(danube, vienna)])
    anchors = {b.anchor for r in readings if r.query for b in r.query.branches}
    assert anchors >= {danube, vienna}


def test_without_mentions_only_types_can_be_asked_about(decoder):
    readings = decoder.read(seen(0), [])
    for reading in readings:
        assert reading.query is None or reading.query.branches[0].type is not None


def test_probabilities_do_not_exceed_one(decoder, lands):
    readings = decoder.read(seen(2), [mention(0), mention(lands.entities.id("Danube"))])
    assert sum(torch.tensor(r.log_p).exp().item() for r in readings) <= 1.0 + 1e-4


def test_no_mention_is_used_twice_and_no_step_is_undone(decoder, lands):
    for name in ("Austria", "Danube", "Euro"):
        for reading in decoder.read(seen(1), [mention(lands.entities.id(name))]):
            branches = reading.query.branches if reading.query else ()
            assert len(branches) <= 1
            for branch in branches:
                if reading.is_executable and len(branch.steps) == 2:
                    first, second = branch.steps
                    assert second != first._replace(forward=not first.forward)


def test_ending_after_the_first_of_two_steps_is_made_less_likely(decoder, lands, monkeypatch):
    asked = [(seen(1), [mention(lands.entities.id(n))]) for n in ("Vienna", "Austria", "Danube")]

    def chains(go_on):
        monkeypatch.setattr(decode, "GO_ON", go_on)
        readings = [r for one in asked for r in decoder.read(*one)]
        is_chain = [r.query is not None and r.query.operation == "select" for r in readings]
        return {r.query: r.log_p for r, kept in zip(readings, is_chain, strict=True) if kept}

    plain, pressed = chains(0.0), chains(1.0)
    change = {q: pressed[q] - plain[q] for q in plain if q in pressed}
    assert change
    for query, moved in change.items():
        assert (moved < 0) == (len(query.branches[0].steps) == 1)
