"""A made-up land of towns, texts that tell of it, and a tiny encoder with a mask."""

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Corpus, Document, Mention, Span
from lichen.lm.text_encoder import TextEncoder
from lichen.training.objectives.windows import Windows

TOWNS, COUNTRIES = 12, 4


def make_masked_text():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = ["lies", "in", "holds", "town", "big", "##burg", "."]
    words += [f"c{i}" for i in range(TOWNS)] + [f"l{i}" for i in range(COUNTRIES)]
    vocab = {w: i for i, w in enumerate([*special, *words])}
    raw = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    raw.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=16,
    )
    config = BertConfig(
        vocab_size=len(vocab),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=16,
    )
    torch.manual_seed(0)
    return TextEncoder(BertModel(config, add_pooling_layer=False), fast, name="tiny")


def make_tiny_graph():
    builder = GraphBuilder()
    builder.add_split("train")
    for i in range(TOWNS):
        split = "test" if i == TOWNS - 1 else "train"
        builder.add_entity(f"c{i}", types=("town",))
        builder.add_entity(f"l{i % COUNTRIES}", types=("land",), description="big land")
        builder.add_fact(f"c{i}", "lies_in", f"l{i % COUNTRIES}", split=split)
    builder.add_fact("c0", "near", "l0", split="train")
    return builder.build()


def make_tiny_corpus(graph):
    docs = []
    for i in range(TOWNS):
        text, found = f"town c{i} lies in l{i % COUNTRIES} .", []
        for name in (f"c{i}", f"l{i % COUNTRIES}"):
            span = Span(text.index(name), text.index(name) + len(name))
            found.append(Mention(span, graph.entities.id(name)))
        docs.append(Document(id=str(i), text=text, mentions=tuple(found)))
    return Corpus(tuple(docs))


@pytest.fixture
def tiny_text():
    return make_masked_text()


@pytest.fixture(scope="session")
def tiny_graph():
    return make_tiny_graph()


@pytest.fixture(scope="session")
def tiny_corpus(tiny_graph):
    return make_tiny_corpus(tiny_graph)


@pytest.fixture
def tiny_windows(tiny_text, tiny_corpus, tiny_graph):
    return Windows(tiny_text, tiny_corpus, tiny_graph, max_tokens=16)


@pytest.fixture
def killed(monkeypatch):
    """Give what calls, and stops what is called as soon as it has kept a checkpoint."""
    from lichen.training.trainer import FusedTrainer  # it takes seconds

    class Killed(BaseException):
        pass

    save = FusedTrainer._save_checkpoint

    def save_and_die(self, *args, **kwargs):
        save(self, *args, **kwargs)
        raise Killed

    def call(what):
        with monkeypatch.context() as patch:
            patch.setattr(FusedTrainer, "_save_checkpoint", save_and_die)
            with pytest.raises(Killed):
                what()

    return call
