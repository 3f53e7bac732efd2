from dataclasses import replace

import numpy as np
import pytest
import torch

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus, LabelledSpan, Mention, Span
from lichen.fusion import FUSIONS
from lichen.fusion.model import FusedModel
from lichen.fusion.tasks.span import END, LONGEST, MAY, START, asked, best_span
from lichen.fusion.tasks.task import make_task
from lichen.lm.token_states import Tokens
from lichen.training.config import TrainConfig
from lichen.training.loop import train
from lichen.training.predict import find_spans
from lichen.training.run import Run

CONFIG = TrainConfig(epochs=10, batch_size=16, learning_rate=1e-2)


@pytest.fixture(scope="module")
def questions(world):
    """Ask which land a text names; where it names only cities there is no answer."""
    docs = []
    for i, doc in enumerate(world[2].documents[::2]):
        land = next(doc.text[slice(*m.span)] for m in doc.mentions if doc.text[m.span.start] == "l")
        city = next(doc.text[slice(*m.span)] for m in doc.mentions if doc.text[m.span.start] == "c")
        has = i % 3 > 0
        context = doc.text if has else f"the city {city}"
        made = asked(doc.id, "the city", context, answer=land if has else None, split=doc.split)
        at = made.text.index(city, 9)
        mention = Mention(Span(at, at + len(city)), world[1].entities.get(city))
        docs.append(replace(made, mentions=(mention,)))
    return Corpus(tuple(docs))


def model_of(world, graph, fusion="gate"):
    return FusedModel(world[0], world[1], fusion=fusion, task="span", graph=graph, hidden=32)


def test_tokens_are_told_what_they_are():
    doc = asked("1", "who is", "ada or bob", answer="or bob")
    offsets = torch.tensor([[0, 0], [0, 3], [4, 6], [7, 10], [11, 13], [14, 17], [0, 0]])
    sample = Corpus((doc,)).samples(make_task("span").found(Corpus((doc,))))[0]
    task, tokens = make_task("span"), Tokens(offsets[:, 0], offsets)
    assert task.target(sample, tokens).tolist() == [MAY, 0, 0, MAY, MAY | START, MAY | END, 0]
    none = task.target(sample._replace(spans=()), tokens)
    assert none.tolist() == [MAY | START | END, 0, 0, MAY, MAY, MAY, 0]
    cut = Tokens(offsets[:5, 0], offsets[:5])
    assert task.target(sample, cut)[0] == MAY | START | END
    found = (LabelledSpan(Span(11, 17), "answer"),)
    assert task.judge([found, ()], [sample, sample]).tolist() == [1.0, 0.0]


def test_the_loss_is_that_of_start_and_end():
    logits = torch.randn(1, 4, 2)
    told = torch.tensor([[MAY, 0, MAY | START, MAY | END]])
    rest = logits[0, [0, 2, 3]].log_softmax(0)
    slow = -(rest[1, 0] + rest[2, 1]) / 2
    assert torch.allclose(make_task("span").loss(logits, {"labels": told, "asked": told > 0}), slow)


def test_the_best_span_is_the_best_of_all():
    rng = np.random.default_rng(0)
    for _ in range(30):
        scores, may = rng.normal(size=(7, 2)), rng.random(7) < 0.7
        pairs = [
            (scores[i, 0] + scores[j, 1], (i, j))
            for i in range(1, 7)
            for j in range(i, min(7, i + LONGEST))
            if may[i] and may[j]
        ]
        best = max(pairs, default=(-np.inf, None))
        want = best[1] if best[0] > scores[0].sum() else None
        assert best_span(scores, may) == want


@pytest.mark.parametrize("fusion", sorted(FUSIONS))
def test_every_fusion_learns_to_answer(world, world_graph, questions, fusion):
    model = model_of(world, world_graph, fusion)
    run = train(model, questions.train, valid=questions.test, config=CONFIG)
    assert run.metrics["valid_exact_match"] > 0.5


def test_a_run_is_saved_and_read_back(world, world_graph, questions, tmp_path):
    run = train(model_of(world, world_graph), questions.train, out=tmp_path, config=CONFIG)
    samples = questions.test.samples(run.model.labels)
    found = find_spans(run, samples)
    assert find_spans(Run.load(tmp_path), samples) == found
    assert any(not spans for spans in found)
    assert find_spans(run, [s._replace(spans=None) for s in samples]) == found


def test_bad_answers_are_one_clear_line(world, world_graph):
    with pytest.raises(DataError, match="'1': the answer must stand in the context; got 'eve'"):
        asked("1", "who", "ada or bob", answer="eve")
    with pytest.raises(DataError, match="must not be empty"):
        asked("1", " ", "ada")
    good = asked("1", "who", "ada or bob", answer="bob")
    outside = (LabelledSpan(Span(0, 3), "answer"),)
    for bad, words in (
        (replace(good, spans=outside), r"starts at character 4; got \(0, 3\)"),
        (replace(good, spans=None), "spans must be one labelled 'answer'"),
        (replace(good, meta={}), "meta 'context' must be the character"),
        (replace(good, spans=()), "at least one question must have an answer"),
    ):
        with pytest.raises(DataError, match=words):
            train(model_of(world, world_graph), Corpus((bad,)), config=CONFIG)
