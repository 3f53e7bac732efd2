"""Tiny random encoders and decoders of many architectures, a small graph, samples over it."""

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import (
    AlbertConfig,
    AlbertModel,
    BertConfig,
    BertModel,
    DebertaConfig,
    DebertaModel,
    DebertaV2Config,
    DebertaV2Model,
    DistilBertConfig,
    DistilBertModel,
    GPT2Config,
    GPT2Model,
    LlamaConfig,
    LlamaModel,
    LongformerConfig,
    LongformerModel,
    ModernBertConfig,
    ModernBertModel,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3Model,
    RobertaConfig,
    RobertaModel,
    SqueezeBertConfig,
    SqueezeBertModel,
    T5Config,
    T5EncoderModel,
    XLNetConfig,
    XLNetModel,
)

from lichen.data.corpus import Mention, Sample, Span
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.known import Known
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
VOCABULARY = 280
"""Pieces that a decoder's tokenizer knows: the bytes and some more."""
SPECIAL = {"bos_token_id": None, "eos_token_id": 0}
WIDER = {**SIZES, **SPECIAL, "vocab_size": VOCABULARY, "max_position_embeddings": 40}


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


def deberta():
    more = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_buckets": 8}
    return DebertaV2Model(DebertaV2Config(**SIZES, **more))


def deberta_v1():
    more = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "max_relative_positions": 8}
    return DebertaModel(DebertaConfig(**SIZES, **more))


def modernbert():
    sizes = {**SIZES, "max_position_embeddings": 24, "local_attention": 8}
    return ModernBertModel(ModernBertConfig(**sizes, pad_token_id=0, reference_compile=False))


def byte_tokenizer():
    """As of most decoders: pieces of bytes, no token for padding, start or end added."""
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator([" ".join(WORDS)] * 2, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token="<|endoftext|>", model_max_length=32
    )


def gpt2():
    return GPT2Model(GPT2Config(**WIDER))


def llama():
    return LlamaModel(LlamaConfig(**WIDER))


def qwen3():
    kinds = ["full_attention", "sliding_attention", "full_attention"]
    sliding = {"layer_types": kinds, "use_sliding_window": True, "sliding_window": 12}
    more = {"num_key_value_heads": 1, "head_dim": 8, **sliding}
    return Qwen3Model(Qwen3Config(**WIDER, **more))


def longformer():
    """Fills every text up to a multiple of its window, and has layers give states of that too."""
    return LongformerModel(LongformerConfig(**SIZES, attention_window=4), add_pooling_layer=False)


def squeezebert():
    """Has its tokens stand in the last place of its states."""
    groups = [f"{part}_groups" for part in ("q", "k", "v", "post_attention", "intermediate")]
    more = dict.fromkeys([*groups, "output_groups"], 1)
    return SqueezeBertModel(SqueezeBertConfig(**SIZES, embedding_size=16, **more))


def t5_encoder():
    """Has its layers hand a bias of positions on."""
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 3, "num_heads": 2}
    return T5EncoderModel(T5Config(vocab_size=15, **sizes))


def xlnet():
    """Has its tokens stand in the first place of its states, and names no limit of them."""
    return XLNetModel(XLNetConfig(vocab_size=15, d_model=16, n_layer=3, n_head=2, d_inner=32))


ENCODERS = {
    "bert": bert,
    "deberta": deberta,
    "deberta_v1": deberta_v1,
    "distilbert": distilbert,
    "modernbert": modernbert,
    "roberta": roberta,
}
ODD = {f.__name__: f for f in (longformer, squeezebert, t5_encoder, xlnet)}
"""Encoders that can be read at their output alone."""
DECODERS = {"gpt2": gpt2, "llama": llama, "qwen3": qwen3}


def made(name):
    """Give a tiny model of an architecture with a tokenizer such as it comes with."""
    torch.manual_seed(0)
    model = (ENCODERS | DECODERS | ODD)[name]()
    return TextEncoder(model, byte_tokenizer() if name in DECODERS else tokenizer(), name=name)


@pytest.fixture
def by_token():
    """Give what makes knowledge of one mention a token: entities, linked, facts, is_fact."""

    def make(entities, linked, facts=None, is_fact=None):
        size = linked.shape
        if facts is None:
            facts, is_fact = torch.zeros((*size, 0, 1)), torch.zeros((*size, 0), dtype=torch.bool)
        return Known(
            mask=torch.ones(size, dtype=torch.bool),
            mention_of=torch.arange(size[1]).expand(size),
            at_mentions=entities * linked.unsqueeze(-1),
            is_linked=linked,
            facts=facts,
            is_fact=is_fact,
        )

    return make


@pytest.fixture(params=sorted(ENCODERS | DECODERS))
def any_text(request):
    return made(request.param)


@pytest.fixture(params=sorted(DECODERS))
def decoder(request):
    return made(request.param)


@pytest.fixture(params=sorted(ODD))
def odd_text(request):
    return made(request.param)


@pytest.fixture
def shared_layers():
    """Give a text encoder whose layers share their weights and stand in no list of their number."""
    torch.manual_seed(0)
    config = AlbertConfig(**SIZES, embedding_size=8)
    return TextEncoder(AlbertModel(config, add_pooling_layer=False), tokenizer(), name="albert")


@pytest.fixture
def text():
    return made("bert")


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
