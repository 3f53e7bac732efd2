"""Matcher, fit, features, decode and reader on one small training."""

import json

import pytest

from lichen.base.errors import ArtifactError, DataError
from lichen.data.atlas.questions import QuestionSet, questions
from lichen.data.corpus import Candidate, Mention, Span
from lichen.data.query import Step
from lichen.lm.text_encoder import TextEncoder
from lichen.reasoning.fit import FitConfig
from lichen.reasoning.matcher import MatcherConfig
from lichen.reasoning.reader import Reader, is_right, train_reader
from lichen.reasoning.view import FactView


@pytest.fixture(scope="module")
def text():
    return TextEncoder.load(device="cpu")


@pytest.fixture(scope="module")
def asked(lands):
    return questions(lands, seed=0, scale=0.06)


@pytest.fixture(scope="module")
def reader(lands, text, asked):
    return train_reader(
        FactView(lands),
        text,
        asked.train,
        config=MatcherConfig(text_dim=text.dim, dim=64, decoder_layers=1),
        fitting=FitConfig(epochs=14, learning_rate=4e-3, batch_size=32),
    )


def mention(lands, question, name):
    start = question.index(name)
    entity = lands.entities.id(name)
    return Mention(Span(start, start + len(name)), entity, (Candidate(entity, 1.0),))


def test_wording_never_seen_is_read(reader, asked):
    one_hop = [q for q in asked.test if q.kind == "one_hop" and q.language == "en"]
    right = [is_right(q, reader.read(q.text, q.mentions).found) for q in one_hop]
    assert len(right) > 20
    assert sum(right) / len(right) > 0.6


def test_the_direction_of_a_relation_is_read(lands, reader):
    forward = "What is the capital of Austria?"
    found = reader.read(forward, [mention(lands, forward, "Austria")]).found
    assert [lands.entities[e] for e in found.entities] == ["Vienna"]
    back = "Which country has Vienna as its capital?"
    found = reader.read(back, [mention(lands, back, "Vienna")]).found
    assert [lands.entities[e] for e in found.entities] == ["Austria"]


def test_readings_are_a_distribution(lands, reader):
    question = "Which rivers flow through Austria?"
    read = reader.read(question, [mention(lands, question, "Austria")])
    log_p = [r.log_p for r in read.readings]
    assert log_p == sorted(log_p, reverse=True)
    assert len({r.query for r in read.readings}) == len(log_p)
    assert all(p <= 1e-5 for p in log_p)
    assert 0 <= read.confidence <= 1


def test_what_the_graph_lacks_is_read_but_not_executed(lands, reader):
    question = "Which rivers flow through Malta?"
    read = reader.read(question, [mention(lands, question, "Malta")])
    first = read.readings[0]
    assert not first.is_executable
    assert first.query.branches[0].steps == (Step("flows_through", forward=False),)


def test_calibration_separates_right_from_wrong(reader, asked):
    kept = QuestionSet(tuple(asked.valid)[::3])
    calibration = reader.adjust(kept, [q.mentions for q in kept], threshold=0.2)
    assert calibration.threshold == 0.2
    assert calibration == reader.calibration
    sure = [reader.read(q.text, q.mentions).confidence for q in kept if q.kind == "one_hop"]
    none = [reader.read(q.text, q.mentions).confidence for q in kept if not q.is_answerable]
    assert sum(sure) / len(sure) > sum(none) / len(none) + 0.1


def test_many_questions_are_read_as_one_by_one(reader, asked):
    some = tuple(asked.valid)[::9][:12]
    together = reader.read_all([q.text for q in some], [q.mentions for q in some])
    assert len(together) == len(some)
    for question, read in zip(some, together, strict=True):
        alone = reader.read(question.text, question.mentions)
        assert read.best.query == alone.best.query if alone.best else read.best is None
        assert read.confidence == pytest.approx(alone.confidence, abs=0.02)


def test_saved_and_loaded_it_reads_the_same(lands, reader, text, tmp_path):
    reader.save(tmp_path)
    again = Reader.load(tmp_path, view=FactView(lands), text=text)
    question = "Which countries border Austria?"
    named = [mention(lands, question, "Austria")]
    assert again.read(question, named).readings == reader.read(question, named).readings
    assert again.calibration == reader.calibration


def test_a_corrupt_or_foreign_folder_is_refused(lands, reader, text, tmp_path):
    folder = reader.save(tmp_path / "a")
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArtifactError, match="changed or its copy cut short"):
        Reader.load(folder, view=FactView(lands), text=text)
    with pytest.raises(ArtifactError, match="no such file"):
        Reader.load(tmp_path / "nowhere", view=FactView(lands), text=text)
    saved = reader.save(tmp_path / "b")
    document = json.loads((saved / "reader.json").read_text())
    assert document["encoder"]["fingerprint"] == text.fingerprint


def test_another_encoder_is_refused(lands, reader, tmp_path, monkeypatch, text):
    folder = reader.save(tmp_path)
    other = TextEncoder(text.model, text.tokenizer, name="other")
    monkeypatch.setattr(TextEncoder, "fingerprint", "another", raising=False)
    with pytest.raises(ArtifactError, match="'other' is another"):
        Reader.load(folder, view=FactView(lands), text=other)


def test_no_questions_are_refused(lands, text):
    with pytest.raises(DataError, match="questions to train on"):
        train_reader(FactView(lands), text, QuestionSet(()))


def test_the_same_seed_trains_the_same_reader(lands, text, asked):
    few = QuestionSet(tuple(asked.train)[:40])
    config = MatcherConfig(text_dim=text.dim, dim=16, decoder_layers=1)
    fast = FitConfig(epochs=1)
    one, two = (
        train_reader(FactView(lands), text, few, config=config, fitting=fast, seed=3)
        for _ in range(2)
    )
    question = "Which countries border Austria?"
    named = [mention(lands, question, "Austria")]
    assert one.read(question, named).readings == two.read(question, named).readings
