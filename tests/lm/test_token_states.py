import pytest
import torch

from lichen.lm.text_encoder import TextEncoder
from lichen.lm.token_states import TokenStates


@pytest.fixture(scope="module")
def text():
    return TextEncoder.load(device="cpu")


def test_kept_states_are_the_encoders_without_padding(text):
    texts = ["A much longer text than the other one.", "Short.", "Short."]
    found = TokenStates(text, -1).get(texts)
    want = text.states(texts)
    for row, tokens in enumerate(found):
        size = int(want.mask[row].sum())
        assert tokens.states.shape == (size, 384)
        assert tokens.ids.tolist() == want.ids[row, :size].tolist()
        assert tokens.offsets.tolist() == want.offsets[row, :size].tolist()
        assert torch.allclose(tokens.states.float(), want.states[row, :size], atol=5e-3)
    assert found[1].states is found[2].states


def test_one_store_a_layer_is_shared(text):
    assert TokenStates.of(text, 3) is TokenStates.of(text, 3)
    assert TokenStates.of(text, 3) is not TokenStates.of(text, None)


def test_beyond_the_limit_texts_are_computed_again(text):
    small = TokenStates(text, -1, limit_mib=0)
    one, two = small.get(["Short."])[0], small.get(["Short."])[0]
    assert one.states is not two.states
    assert torch.equal(one.states, two.states)
    assert small.size == 0


def test_without_a_layer_only_ids_and_offsets_are_kept(text):
    tokens = TokenStates(text, None).get(["Short."])[0]
    assert tokens.states is None
    assert tokens.offsets.tolist()[1] == [0, 5]
