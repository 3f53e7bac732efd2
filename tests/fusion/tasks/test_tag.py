from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from lichen.base.errors import ChoiceError, ConfigError, DataError
from lichen.data.corpus import Corpus, Document, LabelledSpan, Sample, Span
from lichen.data.vocabulary import Vocabulary
from lichen.evaluation.tagging import span_scores
from lichen.fusion import FUSIONS
from lichen.fusion.model import FusedModel
from lichen.fusion.tasks.tag import best_tags, spans_of
from lichen.fusion.tasks.task import UNKNOWN, make_task
from lichen.jobs.fusions import Contest, compare_fusions
from lichen.lm.token_states import Tokens
from lichen.training.config import TrainConfig
from lichen.training.loop import train
from lichen.training.predict import find_spans, predict
from lichen.training.run import Run

KINDS = Vocabulary(["city", "land"])
CONFIG = TrainConfig(epochs=8, batch_size=16, learning_rate=1e-2)


@pytest.fixture(scope="module")
def tagged(world):
    """Give the claims of the world with the spans of their cities and lands."""
    docs = []
    for doc in world[2].documents[::2]:
        spans = tuple(
            LabelledSpan(m.span, "city" if doc.text[m.span.start] == "c" else "land")
            for m in doc.mentions
        )
        docs.append(replace(doc, label=None, spans=spans))
    return Corpus(tuple(docs))


def model_of(world, graph, fusion="gate", **more):
    text, nodes, _ = world
    return FusedModel(text, nodes, fusion=fusion, task="tag", graph=graph, hidden=32, **more)


def spans(*found):
    return tuple(LabelledSpan(Span(a, b), label) for a, b, label in found)


def test_tags_and_spans_tell_each_other():
    task = make_task("tag", labels=KINDS)
    offsets = torch.tensor([[0, 0], [0, 3], [3, 6], [7, 9], [9, 12], [0, 0]])
    gold = spans((0, 6, "land"), (7, 9, "city"), (9, 12, "city"))
    sample = Sample("1", "ababab cdefg", (), None, {}, gold)
    tags = task.target(sample, Tokens(offsets[:, 0], offsets))
    assert tags.tolist() == [UNKNOWN, 3, 4, 1, 1, UNKNOWN]
    assert spans_of(tags[1:-1].tolist(), offsets[1:-1].numpy(), KINDS) == gold
    assert task.target(sample._replace(spans=None), Tokens(offsets[:, 0], offsets)) is None
    assert task.judge([gold[:2]], [sample])[0] == pytest.approx(0.8)
    assert task.judge([()], [sample._replace(spans=())]).tolist() == [1.0]


def test_the_best_tags_are_the_best_of_all_rows_that_may_be():
    rng = np.random.default_rng(0)

    def may_be(tags):
        pairs = zip((0, *tags), tags, strict=False)
        return all(now in (0, 1, 3) or before in (now - 1, now) for before, now in pairs)

    for _ in range(20):
        scores = rng.normal(size=(4, 5))
        rows = [tags for tags in product(range(5), repeat=4) if may_be(tags)]
        best = max(rows, key=lambda tags: sum(scores[i, t] for i, t in enumerate(tags)))
        assert best_tags(scores) == list(best)
    assert best_tags(np.zeros((0, 5))) == []


def test_the_loss_is_the_mean_over_the_tokens_of_texts():
    task = make_task("tag", labels=KINDS)
    logits = torch.randn(2, 3, 5)
    labels = torch.tensor([[UNKNOWN, 1, 2], [0, UNKNOWN, UNKNOWN]])
    logs = logits.log_softmax(-1)
    slow = -(logs[0, 1, 1] + logs[0, 2, 2] + logs[1, 0, 0]) / 3
    assert torch.allclose(task.loss(logits, {"labels": labels, "asked": labels != UNKNOWN}), slow)


@pytest.mark.parametrize("fusion", sorted(FUSIONS))
def test_every_fusion_learns_to_tag(world, world_graph, tagged, fusion):
    run = train(model_of(world, world_graph, fusion), tagged.train, config=CONFIG)
    samples = tagged.test.samples(KINDS)
    scores = span_scores(find_spans(run, samples), [s.spans for s in samples])
    assert scores.f1 > 0.6


def test_a_run_is_saved_and_read_back(world, world_graph, tagged, tmp_path):
    run = train(
        model_of(world, world_graph), tagged.train, valid=tagged.test, out=tmp_path, config=CONFIG
    )
    assert 0 < run.metrics["valid_document_f1"] <= 1
    again = Run.load(tmp_path)
    assert again.model.config.head == "token"
    assert again.data.documents == tagged.train.documents
    samples = tagged.test.samples(KINDS)
    assert find_spans(again, samples) == find_spans(run, samples)
    unknown = [s._replace(spans=None) for s in samples]
    assert find_spans(run, unknown) == find_spans(run, samples)


def test_fusions_are_compared_by_document(world, world_graph, tagged):
    text, nodes, _ = world
    contest = Contest(
        text=text,
        nodes=nodes,
        graph=world_graph,
        corpora=[tagged],
        task="tag",
        twins=("none", "shuffled"),
        config=TrainConfig(epochs=1),
    )
    table = compare_fusions(contest, fusions=("add",))
    assert table.num_examples == len(tagged.test)


def test_bad_spans_are_one_clear_line(world, world_graph, tagged):
    def doc(*found):
        return Document(id="d", text="c1 lies in l1", spans=spans(*found))

    with pytest.raises(DataError, match=r"'d': labelled spans must lie .* got \(0, 99\)"):
        doc((0, 99, "city"))
    with pytest.raises(DataError, match=r"in order and not overlap.*\(1, 5\) overlaps"):
        doc((0, 2, "city"), (1, 5, "land"))
    with pytest.raises(DataError, match=r"label of span \(0, 2\) must be a text"):
        doc((0, 2, " "))
    model = model_of(world, world_graph, labels=KINDS)
    for bad, words in (
        (Document(id="d", text="c1"), "'d': must have spans to train on"),
        (doc((0, 2, "town")), "must be one of city, land; got 'town'"),
        (doc(), "at least one labelled span"),
    ):
        with pytest.raises(DataError, match=words):
            train(model, Corpus((bad,)), config=CONFIG)
    with pytest.raises(ChoiceError, match=r"fusion\.head must be one of token"):
        model_of(world, world_graph, head="pooled")
    with pytest.raises(ConfigError, match="Use find_spans"):
        predict(model, tagged.test.samples(KINDS))
    with pytest.raises(ConfigError, match="task must find spans; got 'classify'"):
        find_spans(FusedModel(world[0], world[1]), [])
