import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import GPT2Config, GPT2Model, LlamaConfig, LlamaModel, PreTrainedTokenizerFast

from lichen.data.corpus import Span
from lichen.lm.span_states import SpanStates
from lichen.lm.text_encoder import TextEncoder
from lichen.lm.tokenizing import reading_tokenizer, trim_blanks

TEXTS = ["Ada  knows Bob", "", "née 维也纳"]
SIZES = {
    "vocab_size": 300,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 64,
    "eos_token_id": 0,
    "bos_token_id": 0,
}


def of_bytes(**special):
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.post_processor = processors.ByteLevel(trim_offsets=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<end>"], initial_alphabet=alphabet, show_progress=False
    )
    raw.train_from_iterator(["Ada knows Bob and Bob knows Ada"] * 2, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=raw, **special)


@pytest.mark.parametrize("special", [{}, {"eos_token": "<end>"}])
def test_a_bare_tokenizer_pads_opens_and_closes_and_is_left_as_it_is(special):
    bare = of_bytes(**special)
    made = reading_tokenizer(bare, closes=True)
    assert made is not bare
    assert bare.pad_token_id is None
    assert bare("Ada")["input_ids"] == made("Ada")["input_ids"][1:-1]
    read = made(TEXTS, padding=True, truncation=True, max_length=5)
    assert [ids[0] for ids in read["input_ids"]] == [0, 0, 0]
    assert [sum(mask) for mask in read["attention_mask"]] == [5, 2, 5]
    assert read["input_ids"][0][-1] == 0
    assert reading_tokenizer(made, closes=True) is made


def test_one_that_need_not_close_is_only_padded():
    made = reading_tokenizer(of_bytes(eos_token="<end>", padding_side="left"), closes=False)
    assert made("Ada")["input_ids"][0] != 0
    assert made(["Ada", "Ada knows"], padding=True)["attention_mask"][0][0] == 1


def test_blanks_before_a_word_are_not_part_of_it():
    offsets = torch.tensor([[[0, 0], [0, 3], [3, 4], [4, 10], [10, 14]]])
    trimmed = trim_blanks(offsets, TEXTS[:1])
    assert [TEXTS[0][a:b] for a, b in trimmed[0].tolist()] == ["", "Ada", "", "knows", "Bob"]


@pytest.fixture(params=[(GPT2Model, GPT2Config), (LlamaModel, LlamaConfig)])
def decoder(request):
    model, config = request.param
    torch.manual_seed(0)
    return TextEncoder(model(config(**SIZES)), of_bytes(eos_token="<end>"), name="small")


def test_a_decoder_reads_texts_alone_as_in_a_batch(decoder, packaged_text):
    assert decoder.is_causal
    assert not packaged_text.is_causal
    together = decoder.states(TEXTS)
    for i, text in enumerate(TEXTS):
        alone = decoder.states([text])
        size = alone.states.shape[1]
        assert torch.allclose(together.states[i, :size], alone.states[0], atol=2e-2)
    assert torch.isfinite(torch.from_numpy(decoder.encode(TEXTS))).all()
    assert decoder.max_tokens == 64
    assert decoder.states(["Bob " * 99]).mask.sum() == 64


def test_a_saved_decoder_is_the_same_and_keeps_no_cache(decoder, tmp_path):
    again = TextEncoder.load(decoder.save(tmp_path), device="cpu")
    assert again.fingerprint == decoder.fingerprint
    assert torch.equal(again.states(TEXTS).states, decoder.states(TEXTS).states)
    batch, *_ = again.tokens(TEXTS)
    assert again.model(**batch).past_key_values is None


def test_stretches_of_a_decoder_see_only_what_stands_before(decoder, tmp_path):
    states = SpanStates(decoder, layers=2, folder=tmp_path)
    one, other = states.get([("Ada knows Bob", Span(4, 9)), ("Ada knows Ada", Span(4, 9))])
    assert abs(one[:2] - other[:2]).max() < 5e-3
    assert abs(one[2] - other[2]).max() > 1e-3
