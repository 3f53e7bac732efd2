import pytest
import torch
import transformers
from transformers import T5Config, T5EncoderModel, T5Model

from lichen.base.errors import ArtifactError
from lichen.lm.loading import load_parts, quietly
from lichen.lm.text_encoder import TextEncoder

SIZES = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}


@pytest.mark.parametrize("kind", [T5EncoderModel, T5Model])
def test_of_t5_the_encoder_alone_is_loaded(packaged_text, tmp_path, kind):
    model = kind(T5Config(vocab_size=len(packaged_text.tokenizer), **SIZES))
    model.save_pretrained(tmp_path)
    packaged_text.tokenizer.save_pretrained(tmp_path)
    found = TextEncoder.load(tmp_path, device="cpu")
    assert isinstance(found.model, T5EncoderModel)
    for name, tensor in found.model.state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name])
    again = TextEncoder.load(found.save(tmp_path / "again"), device="cpu")
    assert again.fingerprint == found.fingerprint


def test_a_folder_of_something_else_is_one_clear_line(tmp_path):
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(ArtifactError, match="must be a Hugging Face encoder") as caught:
        load_parts(str(tmp_path), dtype="auto")
    assert "\n" not in str(caught.value)


def test_what_the_loader_says_is_as_before_once_it_is_done():
    logging = transformers.utils.logging
    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    with quietly(transformers):
        assert logging.get_verbosity() == logging.ERROR
        assert not logging.is_progress_bar_enabled()
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
