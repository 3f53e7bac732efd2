"""Uplift on a real small model: an entity's class stands in its vector and nowhere in the text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Candidate, Corpus, Document, LabelledSpan, Mention, Span
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.model import FusedModel
from lichen.jobs.uplift import _leaks, uplift
from lichen.lm.text_encoder import TextEncoder
from lichen.training.config import TrainConfig
from lichen.training.loop import train
from lichen.training.predict import predict

NUM = 240


@pytest.fixture(scope="module")
def text():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "thing", "is", "good", "fine", "here"]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", model_max_length=32
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=32,
    )  # fmt: skip
    return TextEncoder(BertModel(config), fast, name="tiny")


@pytest.fixture(scope="module")
def graph():
    return Graph.from_triples([(f"thing{i}", "likes", f"thing{i + 1}") for i in range(NUM - 1)])


@pytest.fixture(scope="module")
def nodes(graph):
    encoder = GraphEncoder("distmult", graph, dim=8)
    rng = np.random.default_rng(0)
    table = rng.normal(0, 0.3, (NUM, 8))
    table[:, 0] = np.where(np.arange(NUM) % 2, 1.5, -1.5)
    with torch.no_grad():
        encoder.entity_table.copy_(torch.tensor(table))
    return encoder


def documents(rows, split, rng):
    for i in rows:
        mention = Mention(Span(0, 5), int(i), (Candidate(int(i), 1.0),))
        yield Document(
            id=f"{split}-{i}",
            text=f"thing is {rng.choice(['good', 'fine', 'here'])} {rng.integers(9)}",
            label="true" if i % 2 else "false",
            split=split,
            mentions=(mention,),
            meta={"kind": "low" if i < NUM // 2 else "high"},
        )


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(1)
    rows = rng.permutation(NUM)
    parts = {"train": rows[:140], "test": rows[140:]}
    return Corpus(tuple(d for split, found in parts.items() for d in documents(found, split, rng)))


@pytest.fixture(scope="module")
def run(text, nodes, corpus):
    model = FusedModel(text, nodes, fusion="concat", task="classify")
    config = TrainConfig(epochs=12, batch_size=32, learning_rate=1e-2)
    return train(model, corpus.train, seed=0, config=config)


@pytest.fixture(scope="module")
def found(run, corpus, graph):
    return uplift(run, corpus.test, graph=graph)


def test_knowledge_is_told_from_its_twins(found):
    assert [s.name for s in found.systems] == ["fused", "none", "shuffled"]
    fused, none, shuffled = found.systems
    assert fused.mean > 0.9
    assert 0.35 < none.mean < 0.65
    assert 0.35 < shuffled.mean < 0.65
    assert found.tone == "good"
    for name in ("none", "shuffled"):
        against = found.of(name)
        assert against.gain.low > 0.2
        assert against.p_value < 0.001
        assert max(against.mcnemar) < 0.01
        assert against.gain.mean == pytest.approx(against.fused - against.other)


def test_the_run_itself_is_one_of_the_seeds(found, run, corpus):
    samples = corpus.test.samples(run.model.labels)
    right = predict(run, samples).argmax(axis=1) == [s.label for s in samples]
    assert found.systems[0].accuracy[0] == pytest.approx(right.mean())
    assert found.seeds == (0, 1, 2)
    assert all(len(s.accuracy) == 3 for s in found.systems)


def test_groups_cost_and_settings(found, corpus):
    assert found.groups == ("all", "high", "low")
    sizes = [found.of("none", group=g).num_examples for g in ("high", "low")]
    assert sum(sizes) == len(corpus.test) == found.of("none").num_examples
    fused, none, shuffled = found.systems
    assert fused.num_parameters == shuffled.num_parameters >= none.num_parameters
    assert all(s.train_s > 0 and s.predict_s > 0 for s in found.systems)
    assert fused.reliability
    assert all(0.5 <= said <= 1 and 0 <= right <= 1 for said, right in fused.reliability)
    assert found.settings["fusion"] == "concat"
    assert found.settings["train.epochs"] == "12"
    assert 0.5 <= found.chance < 0.65


def test_leak_guards_speak_by_group(found, run, corpus, graph):
    assert any(leak.startswith("high: test text is a training text") for leak in found.leaks)
    again = Corpus((*corpus.test.documents, *corpus.train.documents[:10]))
    rows = np.arange(len(again))
    told = _leaks(run, again, graph, {"all": rows})
    assert any(leak.startswith("test text is a training text") for leak in told)


def test_mentions_that_the_run_did_not_look_at_are_told(found, text, nodes, corpus):
    assert found.lost is None
    model = FusedModel(text, nodes, fusion="add", task="classify", mentions=2)
    quick = train(model, corpus.train, config=TrainConfig(epochs=1))
    first, second, *rest = corpus.test
    late = f"{first.text} {'fine ' * 40}thing thing"
    ends = [Mention(Span(len(late) - back, len(late) - back + 5), 0) for back in (11, 5)]
    long = replace(first, text=late, mentions=(*first.mentions, *ends))
    told = uplift(quick, Corpus((long, second, *rest)))
    size = len(corpus.test) + 2
    assert told.lost == (
        f"1 of {size} mentions have no token among the 32 read; "
        "1 come after the first 2 of their text"
    )
    assert told.table().endswith(f"mentions lost: {told.lost}")


def test_too_few_or_repeated_seeds_are_refused(run, corpus):
    with pytest.raises(ConfigError, match=r"uplift\.seeds must be at least 3 different"):
        uplift(run, corpus.test, seeds=(0, 1))
    with pytest.raises(ConfigError, match=r"uplift\.seeds"):
        uplift(run, corpus.test, seeds=(0, 1, 1))
    with pytest.raises(ConfigError, match=r"uplift\.twins"):
        uplift(run, corpus.test, twins=())


def test_a_run_of_a_task_without_classes_is_refused(text, nodes, corpus):
    spans = (LabelledSpan(Span(0, 5), "thing"),)
    tagged = Corpus(tuple(replace(doc, label=None, spans=spans) for doc in corpus))
    model = FusedModel(text, nodes, fusion="add", task="tag")
    run = train(model, tagged.train, config=TrainConfig(epochs=1))
    with pytest.raises(
        ConfigError, match=r"must be a run of task 'classify' or .* got 'tag'\. .*rec"
    ):
        uplift(run, tagged.test)


def test_unlabelled_or_no_documents_are_refused(run, corpus):
    with pytest.raises(DataError, match="at least one document"):
        uplift(run, Corpus(()))
    bare = Document(id="x", text="thing is good")
    with pytest.raises(DataError, match="'x' has none"):
        uplift(run, Corpus((*corpus.test.documents, bare)))


def test_what_cannot_be_compared_is_refused_before_a_twin_is_trained(run, corpus, monkeypatch):
    monkeypatch.setattr("lichen.jobs.uplift.twin", lambda *_: pytest.fail("trained"))
    odd = Corpus((replace(corpus.test[0], label="maybe"), *corpus.test.documents[1:]))
    knows_it = FusedModel(*run.model.origin(), fusion="concat", labels=odd.labels())
    for asked in (run, replace(run, model=knows_it)):
        with pytest.raises(DataError, match=r"'maybe': must occur in the split 'train'"):
            uplift(asked, odd)
    bare = Corpus(tuple(replace(doc, mentions=()) for doc in corpus.test))
    with pytest.raises(DataError, match=r"^uplift\.test: at least one mention must be linked"):
        uplift(run, bare)
    with pytest.raises(DataError, match=r"^uplift\.run: at least one mention must be linked"):
        uplift(replace(run, data=bare), corpus.test)


def test_what_is_no_run_or_no_corpus_is_one_clear_line(run, corpus):
    with pytest.raises(ConfigError, match=r"^uplift\.run must be .*; got FusedModel\. Pass what"):
        uplift(run.model, corpus.test)
    for test in (list(corpus.test), corpus.test.samples(run.model.labels)):
        with pytest.raises(
            ConfigError, match=r"^uplift\.test must be of type Corpus; got (list|tuple)\."
        ):
            uplift(run, test)
