import numpy as np
import pytest

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Span
from lichen.lm.span_states import SpanStates

BANK = ("She sat on the bank of the river.", Span(15, 19))
MONEY = ("He put his money in the bank.", Span(24, 28))
SHORE = ("They rested on the shore of the river.", Span(19, 24))


@pytest.fixture
def states(packaged_text, tmp_path):
    return SpanStates(packaged_text, layers=2, folder=tmp_path)


def test_states_are_those_of_the_encoder(states, packaged_text):
    found = states.get([BANK, MONEY])
    assert found.shape == (2, 3, packaged_text.dim)
    np.testing.assert_allclose(np.linalg.norm(found.astype(float), axis=-1), 1, atol=1e-2)
    np.testing.assert_allclose(found[0, 2], packaged_text.encode([BANK[0]])[0], atol=2e-2)
    for row, layer in ((0, packaged_text.num_layers - 1), (1, -1)):
        read = packaged_text.states([BANK[0]], layer=layer)
        token = int((read.offsets[0, :, 0] == BANK[1].start).nonzero()[0])
        state = read.states[0, token] / read.states[0, token].norm()
        np.testing.assert_allclose(found[0, row], state, atol=2e-2)


def test_context_tells_meanings_apart(states):
    bank, money, shore = states.get([BANK, MONEY, SHORE])[:, 1].astype(float)
    assert bank @ shore > money @ shore


def test_what_was_read_is_kept(states, packaged_text, tmp_path):
    first = states.get([BANK, MONEY, BANK])
    np.testing.assert_array_equal(first[0], first[2])
    path = states.save()
    again = SpanStates(packaged_text, layers=2, folder=tmp_path)
    again._read = None  # nothing is left to read
    np.testing.assert_array_equal(again.get([MONEY, BANK]), first[[1, 0]])
    before = path.stat().st_mtime_ns
    again.save()
    assert path.stat().st_mtime_ns == before


def test_a_stretch_past_the_limit_has_the_mean(states):
    text = "word " * 600 + "bank"
    found = states.get([(text, Span(len(text) - 4, len(text)))])
    np.testing.assert_allclose(found[0, 1], found[0, 2], atol=1e-3)


def test_nothing_gives_nothing(states, packaged_text):
    assert states.get([]).shape == (0, 3, packaged_text.dim)


@pytest.mark.parametrize("span", [Span(0, 0), Span(2, 99), Span(-1, 2)])
def test_a_stretch_outside_is_refused(states, span):
    with pytest.raises(DataError, match="part of its text"):
        states.get([("a bank", span)])


def test_too_many_layers_are_refused(packaged_text):
    with pytest.raises(ConfigError, match="layers must be between 1 and 6"):
        SpanStates(packaged_text, layers=7)
