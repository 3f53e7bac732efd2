import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from transformers.integrations.integration_utils import INTEGRATION_TO_CALLBACK

from lichen.base.errors import ArtifactError, ConfigError, DataError, LichenError
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.calibrate import Calibrator, Weights
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.trainer import train_embedding
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.hashes import corpus_hash
from lichen.training.loop import train
from lichen.training.predict import predict
from lichen.training.reporters import installed
from lichen.training.run import Run
from lichen.training.trainer import FusedTrainer

CONFIG = TrainConfig(epochs=3, batch_size=64)


def test_two_runs_of_one_seed_are_equal_and_of_two_are_not(world):
    text, nodes, corpus = world
    weights = []
    for seed in (1, 1, 2):
        model = FusedModel(text, nodes, seed=seed)
        train(model, corpus.train, seed=seed, config=CONFIG)
        weights.append(model.head.inner.weight)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_graph_encoder_is_trained_by_the_same_call(world):
    graph = Graph.from_triples([("a", "r", "b"), ("b", "r", "c")])
    encoder = GraphEncoder("complex", graph, dim=8)
    before = encoder.vectors().detach().clone()
    run = train(encoder, graph, config=EmbeddingConfig(epochs=2))
    assert run.model is encoder
    assert not torch.equal(run.model.vectors(), before)
    assert run.metrics["epochs"] == 2
    with pytest.raises(ConfigError, match="GraphEncoder and Corpus"):
        train(encoder, world[2])


@pytest.mark.parametrize(
    ("given", "seed"),
    [({}, 3), ({"seed": 7}, 7), ({"seed": 0}, 0), ({"seed": 7, "config": None}, 7)],
    ids=str,
)
def test_a_graph_encoder_is_trained_by_the_seed_given_or_that_of_its_settings(given, seed):
    graph = Graph.from_triples([(f"e{i}", "r", f"e{i * 7 % 20}") for i in range(20)])
    found, expected = (GraphEncoder("complex", graph, dim=8) for _ in range(2))
    run = train(found, graph, **{"config": EmbeddingConfig(seed=3, batch_size=4), **given})
    settings = replace(run.config, seed=seed)
    assert (run.seed, run.config) == (seed, settings)
    train_embedding(expected, graph, config=settings)
    assert torch.equal(found.vectors(), expected.vectors())


def test_a_graph_encoder_is_trained_anew_into_a_folder_that_holds_one(tmp_path):
    graph = Graph.from_triples([("a", "r", "b"), ("b", "r", "c")])
    for epochs in (1, 2):
        encoder = GraphEncoder("complex", graph, dim=8)
        run = train(encoder, graph, out=tmp_path, config=EmbeddingConfig(epochs=epochs))
        assert run.metrics["epochs"] == epochs
        assert torch.equal(GraphEncoder.load(tmp_path).vectors(), encoder.vectors())


def test_vectors_that_could_not_be_saved_are_not_lost(tmp_path, monkeypatch):
    graph = Graph.from_triples([("a", "r", "b"), ("b", "r", "c")])
    config, out = EmbeddingConfig(epochs=2), tmp_path / "nodes"
    encoder = GraphEncoder("complex", graph, dim=8)
    with monkeypatch.context() as patch:
        patch.setattr(GraphEncoder, "save", partial(_refuse, LichenError("the disk is full")))
        with pytest.raises(LichenError, match="the disk is full"):
            train(encoder, graph, out=out, config=config)
    with monkeypatch.context() as patch:
        patch.setattr("lichen.embedding.trainer._Run._epoch", None)  # nothing is trained again
        train(GraphEncoder("complex", graph, dim=8), graph, out=out, config=config)
    assert torch.equal(GraphEncoder.load(out).vectors(), encoder.vectors())
    assert not list(out.glob("*checkpoint*"))
    assert not list(out.glob(".*"))


def _refuse(error, *_):
    raise error


def test_a_file_is_told_before_anything_is_trained(tmp_path, monkeypatch):
    graph = Graph.from_triples([("a", "r", "b"), ("b", "r", "c")])
    (tmp_path / "file").write_text("here")
    monkeypatch.setattr("lichen.training.loop.train_in_processes", None)
    with pytest.raises(ConfigError, match=r"file: must be a folder or free; .* is a file\. Give"):
        train(GraphEncoder("complex", graph, dim=8), graph, out=tmp_path / "file")


def test_the_folder_holds_the_run_and_gives_it_back(world, tmp_path):
    text, nodes, corpus = world
    out = tmp_path / "run"
    run = train(FusedModel(text, nodes), corpus.train, valid=corpus.test, out=out, config=CONFIG)
    spec = json.loads((out / "resolved.json").read_text())
    assert spec["data"] == corpus_hash(corpus.train)
    assert spec["versions"]["torch"] == torch.__version__.split("+")[0] or torch.__version__
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert sum("loss" in line for line in lines) == CONFIG.epochs
    assert not (out / "checkpoints").exists()
    again = Run.load(out)
    samples = corpus.test.samples(run.model.labels)
    assert np.array_equal(predict(run, samples), predict(again, samples))
    assert again.metrics == dict(run.metrics)
    assert [d.text for d in again.data] == [d.text for d in corpus.train]
    assert again.config == CONFIG
    same = train(FusedModel(text, nodes), corpus.train, valid=corpus.test, out=out, config=CONFIG)
    assert same.metrics == again.metrics
    with pytest.raises(ConfigError, match="another config, seed"):
        train(FusedModel(text, nodes), corpus.train, out=out, seed=5, config=TrainConfig(epochs=9))


@pytest.mark.parametrize("settings", [{}, {"lora": 2}, {"train_text": True}], ids=str)
def test_a_killed_run_goes_on_and_ends_the_same(world, tmp_path, monkeypatch, settings):
    text, nodes, corpus = world
    fresh = partial(FusedModel, text, nodes, **settings)
    whole = train(fresh(), corpus.train, out=tmp_path / "whole", config=CONFIG)

    class Killed(BaseException):
        pass

    def killed(self, *args, **kwargs):
        if self.state.epoch and self.state.epoch >= 2:
            raise Killed
        return step(self, *args, **kwargs)

    step = FusedTrainer.training_step
    monkeypatch.setattr(FusedTrainer, "training_step", killed)
    with pytest.raises(Killed):
        train(fresh(), corpus.train, out=tmp_path / "cut", config=CONFIG)
    with pytest.raises(ArtifactError, match="no finished run"):
        Run.load(tmp_path / "cut")
    monkeypatch.setattr(FusedTrainer, "training_step", step)
    rest = train(fresh(), corpus.train, out=tmp_path / "cut", config=CONFIG)
    samples = corpus.test.samples(whole.model.labels)
    assert np.allclose(predict(rest, samples), predict(whole, samples), atol=1e-5)
    steps = [
        json.loads(x)["step"] for x in (tmp_path / "cut/metrics.jsonl").read_text().splitlines()
    ]
    assert steps == sorted(steps)


def test_texts_of_one_length_share_a_batch_where_the_language_model_reads_them(world, monkeypatch):
    text, nodes, corpus = world
    docs = [
        replace(doc, text=doc.text + " big" * (6 * (at % 2)))
        for at, doc in enumerate(corpus.train.documents)
    ]
    padding = 0
    step = FusedTrainer.training_step

    def seen(self, model, inputs, *more):
        nonlocal padding
        padding += int((inputs["attention_mask"] == 0).sum())
        return step(self, model, inputs, *more)

    monkeypatch.setattr(FusedTrainer, "training_step", seen)
    found = []
    for train_text in (False, True):
        padding = 0
        model = FusedModel(text, nodes, train_text=train_text)
        train(model, Corpus(tuple(docs)), config=TrainConfig(epochs=2, batch_size=8))
        found.append(padding)
    assert found[1] < found[0] / 4


def relabelled(corpus, label):
    first, *rest = corpus.documents
    return Corpus((replace(first, label=label), *rest))


def test_bad_data_is_one_clear_line(world):
    text, nodes, corpus = world
    for label in (None, "nan"):
        with pytest.raises(DataError, match="must have a label"):
            train(FusedModel(text, nodes), relabelled(corpus.train, label))
    with pytest.raises(DataError, match="one of no, yes"):
        train(FusedModel(text, nodes, labels=Vocabulary(["no", "yes"])), corpus.train)
    with pytest.raises(DataError, match="is empty"):
        train(FusedModel(text, nodes), Corpus(()))
    one = Corpus(tuple(d for d in corpus.train if d.label == "true"))
    with pytest.raises(DataError, match="two classes"):
        train(FusedModel(text, nodes), one)
    with pytest.raises(DataError, match="label must be one of"):
        train(FusedModel(text, nodes), corpus.train, valid=relabelled(corpus.test, "maybe"))


def test_a_loss_that_is_no_number_stops_the_run(world):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels())
    with torch.no_grad():
        model.head.outer.bias.fill_(torch.nan)
    with pytest.raises(LichenError, match="stay a number"):
        train(model, corpus.train, config=CONFIG)


def test_the_language_model_and_the_entities_can_be_trained_too(world):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, at=1, labels=corpus.labels(), train_text=True, train_nodes=True)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    source = [p.clone() for p in text.model.parameters()]
    train(model, corpus.train, config=TrainConfig(epochs=1, batch_size=64))
    changed = {k.split(".")[0] for k, v in model.state_dict().items() if not v.equal(before[k])}
    assert changed == {"backbone", "nodes", "fusion", "head"}
    assert all(p.equal(q) for p, q in zip(text.model.parameters(), source, strict=True))


def unlinked(corpus):
    return Corpus(tuple(replace(doc, mentions=()) for doc in corpus))


def test_a_corpus_without_a_linked_mention_teaches_a_fusion_nothing_and_is_refused(world, tmp_path):
    text, nodes, corpus = world
    bare = unlinked(corpus.train)
    with pytest.raises(DataError, match=r"^train: at least one mention .* fusion 'gate'"):
        train(FusedModel(text, nodes), bare, out=tmp_path / "run", config=CONFIG)
    assert not (tmp_path / "run").exists()
    train(FusedModel(text, nodes, fusion="none"), bare, config=TrainConfig(epochs=1))
    one = Corpus((corpus.train[0], *bare.documents[1:]))
    train(FusedModel(text, nodes), one, config=TrainConfig(epochs=1, batch_size=8))


def test_a_reporter_that_cannot_be_used_leaves_no_folder_behind(world, tmp_path):
    text, nodes, corpus = world
    absent = next(name for name in INTEGRATION_TO_CALLBACK if name not in installed())
    for name in ("tensorbord", absent):
        config = TrainConfig(epochs=1, report_to=name)
        with pytest.raises(LichenError, match=r"^train\.report_to must be"):
            train(FusedModel(text, nodes), corpus.train, out=tmp_path / "run", config=config)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"config": EmbeddingConfig()}, "must be of type TrainConfig; got EmbeddingConfig"),
        ({"config": {}}, "must be of type TrainConfig; got dict"),
        ({"seed": -1}, "seed must be between 0 and 4294967295; got -1"),
        ({"seed": 1.5}, "got 1.5"),
    ],
    ids=str,
)
def test_settings_of_another_kind_are_one_line_and_leave_no_folder(world, tmp_path, more, said):
    text, nodes, corpus = world
    with pytest.raises(ConfigError, match=said):
        train(FusedModel(text, nodes), corpus.train, out=tmp_path / "run", **more)
    assert not (tmp_path / "run").exists()


def test_a_graph_encoder_refuses_the_settings_of_a_fused_model():
    graph = Graph.from_triples([("a", "r", "b")])
    with pytest.raises(ConfigError, match="must be of type EmbeddingConfig; got TrainConfig"):
        train(GraphEncoder("complex", graph, dim=8), graph, config=CONFIG)


def test_vectors_trained_anew_lose_the_calibration_of_those_before(tmp_path):
    graph = Graph.from_triples([("a", "r", "b"), ("b", "r", "c")])
    encoder = GraphEncoder("distmult", graph, dim=4)
    even = Weights(0.0, 0.0, 0.0)
    kept = Calibrator(tails=even, heads=even, relations=even, num_facts=1).save(tmp_path)
    train(encoder, graph, out=tmp_path, config=EmbeddingConfig(epochs=1))
    assert not kept.exists()
