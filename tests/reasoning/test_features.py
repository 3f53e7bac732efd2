import pytest
import torch

from lichen.data.corpus import Mention, Span
from lichen.lm.text_encoder import TextEncoder
from lichen.reasoning.features import mask_mentions, see
from lichen.reasoning.view import FactView


@pytest.fixture(scope="module")
def text():
    return TextEncoder.load(device="cpu")


def test_mentions_become_their_types(lands):
    view = FactView(lands)
    text = "Does the Danube cross Austria?"
    mentions = [
        Mention(Span(9, 15), lands.entities.id("Danube")),
        Mention(Span(22, 29), lands.entities.id("Austria")),
    ]
    masked = mask_mentions(text, mentions, view)
    assert masked.text == "Does the river cross country?"
    assert [masked.text[s.start : s.end] for s in masked.spans] == ["river", "country"]


def test_features_come_in_order_and_point_to_mentions(lands, text):
    view = FactView(lands)
    long = "Which of all the countries in the world that I know of borders Austria?"
    start = long.index("Austria")
    masked = [
        mask_mentions(long, [Mention(Span(start, start + 7), 0)], view),
        mask_mentions("奥地利的首都", [Mention(Span(0, 3), 0)], view),
    ]
    first, second = see(masked, text)
    assert first.states.shape == (len(first.pointers), text.dim)
    assert int((first.pointers == 1).sum()) == 1
    assert not first.pieces.any()
    assert int((second.pieces > 0).any(1).sum()) == 3
    assert first.states.dtype == torch.bfloat16


def test_the_name_itself_is_not_seen(lands, text):
    view = FactView(lands)
    texts = ("Capital of Austria?", "Capital of Germany?")
    seen = [
        see([mask_mentions(t, [Mention(Span(11, 18), lands.entities.id(t[11:18]))], view)], text)[0]
        for t in texts
    ]
    assert torch.equal(seen[0].states, seen[1].states)
