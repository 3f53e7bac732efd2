"""Tiny random encoders of two architectures, a small graph, and samples over it."""

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
)

from lichen.data.corpus import Mention, Sample, Span
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.lm.text_encoder import TextEncoder

WORDS = ["ada", "bob", "eve", "dan", "knows", "likes", "near", "of", "the", "and", "not"]
SIZES = {
    "vocab_size": 15,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 24,
}


def tokenizer():
    vocab = {w: i for i, w in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    raw = Tokenizer(models.WordLevel(vocab, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    raw.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=raw,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=20,
    )


def bert():
    return BertModel(BertConfig(**SIZES), add_pooling_layer=False)


def distilbert():
    config = DistilBertConfig(
        vocab_size=15, dim=16, n_layers=3, n_heads=2, hidden_dim=32, max_position_embeddings=24
    )
    return DistilBertModel(config)


def roberta():
    return RobertaModel(RobertaConfig(**SIZES, pad_token_id=0), add_pooling_layer=False)


ENCODERS = {"bert": bert, "distilbert": distilbert, "roberta": roberta}


@pytest.fixture(params=sorted(ENCODERS))
def any_text(request):
    torch.manual_seed(0)
    return TextEncoder(ENCODERS[request.param](), tokenizer(), name=request.param)


@pytest.fixture
def text():
    torch.manual_seed(0)
    return TextEncoder(bert(), tokenizer(), name="bert")


@pytest.fixture
def graph():
    return Graph.from_triples(
        [("ada", "knows", "bob"), ("bob", "knows", "eve"), ("eve", "likes", "dan")]
    )


@pytest.fixture
def nodes(graph):
    return GraphEncoder("complex", graph, dim=8)


@pytest.fixture
def samples(graph):
    def sample(number, words, *names, label=0):
        mentions, start = [], 0
        for name in names:
            start = words.index(name, start)
            mentions.append(Mention(Span(start, start + 3), graph.entities.get(name)))
            start += 3
        return Sample(str(number), words, tuple(mentions), label)

    return [
        sample(0, "ada knows bob", "ada", "bob", label=1),
        sample(1, "the eve and the dan not near ada", "eve", "dan", "ada"),
        sample(2, "likes of the", label=1),
        sample(3, "bob", "bob"),
    ]
