import pytest
import torch
from transformers import DebertaV2Config, DebertaV2Model

from lichen.base.errors import ConfigError
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.config import FusedConfig
from lichen.fusion.model import FusedModel
from lichen.fusion.readable import require_readable
from lichen.lm.text_encoder import TextEncoder

LABELS = Vocabulary(["no", "yes"])
TRAINED = ({}, {"train_text": True}, {"lora": 2})


@pytest.mark.parametrize("settings", TRAINED, ids=str)
@pytest.mark.parametrize("fusion", ["none", "gate", "neighbours", "interaction"])
def test_an_odd_encoder_is_read_at_its_output(odd_text, nodes, graph, samples, fusion, settings):
    parts = {"graph": graph, "labels": LABELS, "head": "pooled", **settings}
    model = FusedModel(odd_text, nodes, fusion=fusion, **parts)
    assert model.config.at == "output"
    batcher = model.batcher()
    model.train()(**batcher.collate(batcher.items(samples))).loss.backward()
    assert model.predict(samples).shape == (4, 2)


@pytest.mark.parametrize("settings", TRAINED, ids=str)
@pytest.mark.parametrize(
    ("fusion", "at"), [("gate", 1), ("gate", 3), ("gate", "input"), ("entity_tokens", None)]
)
def test_inside_it_is_refused_in_one_line(odd_text, nodes, fusion, at, settings):
    with pytest.raises(ConfigError) as caught:
        FusedModel(odd_text, nodes, fusion=fusion, at=at, **settings)
    said, kind = str(caught.value), type(odd_text.model).__name__
    point = 1 if at is None else at
    assert said.startswith(
        f"language model {odd_text.name!r} ({kind}): must give states at fusion.at={point!r}, and "
        "go on from them; got: "
    )
    assert said.endswith("Qwen model, or at='output' and a fusion such as 'gate'.")
    assert "\n" not in said


def test_facts_as_words_need_positions_and_a_mask_of_pairs(odd_text, nodes, graph):
    if odd_text.name == "squeezebert":
        assert FusedModel(odd_text, nodes, fusion="input", graph=graph).config.at == "input"
        return
    with pytest.raises(ConfigError, match=r"(takes no positions|must read a text with its facts)"):
        FusedModel(odd_text, nodes, fusion="input", graph=graph)


def test_a_model_that_fails_everywhere_is_refused_in_one_line(text, nodes, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("shape '[2, 6]' is invalid\nat line 7")

    monkeypatch.setattr(text.model, "forward", fail)
    with pytest.raises(ConfigError) as caught:
        FusedModel(text, nodes)
    assert str(caught.value) == (
        "language model 'bert' (BertModel): must give a state for each token of a text; got: "
        "shape '[2, 6]' is invalid. Take a BERT, RoBERTa, DistilBERT, ModernBERT, GPT-2, Llama or "
        "Qwen model."
    )


@pytest.mark.parametrize("fusion", ["gate", "entity_tokens", "input"])
def test_trying_changes_nothing(any_text, fusion):
    any_text.model.train()
    before = torch.random.get_rng_state()
    require_readable(FusedConfig(fusion=fusion, at="input"), any_text)
    assert all(module.training for module in any_text.model.modules())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_deberta_whose_convolution_reads_what_came_before_is_refused_there(text, nodes):
    sizes = {"vocab_size": 15, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2}
    more = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "intermediate_size": 32}
    config = DebertaV2Config(**sizes, **more, conv_kernel_size=3)
    odd = TextEncoder(DebertaV2Model(config), text.tokenizer, name="deberta")
    for at in ("input", 1):
        with pytest.raises(
            ConfigError, match=r"go on from them; got: states that are .* from those"
        ):
            FusedModel(odd, nodes, fusion="gate", at=at)
    FusedModel(odd, nodes, fusion="gate", at=2)
