"""A made-up world whose facts a text alone cannot tell, and a tiny encoder that reads it."""

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from lichen.data.corpus import Corpus, Document, Mention, Span
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.trainer import train_embedding
from lichen.lm.text_encoder import TextEncoder

CITIES, LANDS = 60, 10
PHRASES = ("{0} lies in {1}", "{1} holds {0}", "the city {0} of {1}")


def make_text():
    words = ["[PAD]", "[UNK]", "lies", "in", "holds", "the", "city", "of"]
    words += [f"c{i}" for i in range(CITIES)] + [f"l{i}" for i in range(LANDS)]
    raw = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="[PAD]", unk_token="[UNK]", model_max_length=16
    )
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=16,
    )
    torch.manual_seed(0)
    return TextEncoder(BertModel(config, add_pooling_layer=False), fast, name="tiny")


@pytest.fixture(scope="session")
def world():
    rng = np.random.default_rng(0)
    facts = [(f"c{i}", "lies_in", f"l{rng.integers(LANDS)}") for i in range(CITIES)]
    graph = Graph.from_triples(facts)
    nodes = GraphEncoder("complex", graph, dim=16)
    train_embedding(nodes, graph, config=EmbeddingConfig(epochs=60))
    docs = []
    for h, _r, t in facts:
        wrong = rng.choice([f"l{i}" for i in range(LANDS) if f"l{i}" != t])
        split = "test" if rng.random() < 0.25 else "train"
        for number, phrase in enumerate(PHRASES):
            for land, label in ((t, "true"), (wrong, "false")):
                text = phrase.format(h, land)
                spans = sorted((text.index(x), x) for x in (h, land))
                mentions = tuple(
                    Mention(Span(at, at + len(x)), graph.entities.get(x)) for at, x in spans
                )
                name = f"{h}-{land}-{number}"
                docs.append(
                    Document(id=name, text=text, label=label, split=split, mentions=mentions)
                )
    return make_text(), nodes, Corpus(tuple(docs))
