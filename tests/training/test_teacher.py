from dataclasses import replace

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus, LabelledSpan
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.model import FusedModel
from lichen.fusion.tasks.task import UNKNOWN, make_task
from lichen.jobs.uplift import uplift
from lichen.training.config import TrainConfig
from lichen.training.loop import train
from lichen.training.predict import find_spans, predict
from lichen.training.run import Run
from lichen.training.teacher import Teacher, with_labels
from lichen.training.twins import twin

CONFIG = TrainConfig(epochs=12, batch_size=32, learning_rate=5e-3)


@pytest.fixture(scope="module")
def taught(world):
    text, nodes, corpus = world
    return train(FusedModel(text, nodes), corpus.train, config=CONFIG)


def teacher_of(model, **settings):
    return Teacher(model=model, **settings)


def softmax(row, heat):
    odds = np.exp(np.asarray(row, dtype=float) / heat)
    return odds / odds.sum()


def slow(goal, told, truth, *, heat, weight):
    p, q = softmax(goal, heat), softmax(told, heat)
    soft = heat**2 * (p * np.log(p / q)).sum()
    if truth == UNKNOWN:
        return soft
    return weight * soft - (1 - weight) * np.log(softmax(told, 1.0)[truth])


def loss_of(taught, task, told, goal, batch):
    teacher = teacher_of(taught, temperature=3.0, weight=0.7)
    return float(teacher.loss(task, torch.tensor(told), torch.tensor(goal), batch))


def test_of_classes_the_loss_is_the_formula(taught):
    rng = np.random.default_rng(0)
    told, goal = rng.normal(size=(2, 3, 4))
    truth = torch.tensor([2, UNKNOWN, 0])
    wanted = [
        slow(g, t, y, heat=3.0, weight=0.7) for g, t, y in zip(goal, told, truth, strict=True)
    ]
    task = make_task("classify", labels=Vocabulary("abcd"))
    assert loss_of(taught, task, told, goal, {"labels": truth}) == pytest.approx(np.mean(wanted))
    bare = [slow(g, t, UNKNOWN, heat=3.0, weight=0.7) for g, t in zip(goal, told, strict=True)]
    assert loss_of(taught, task, told, goal, {}) == pytest.approx(np.mean(bare))


def test_of_tokens_each_word_is_a_question(taught):
    rng = np.random.default_rng(0)
    told, goal = rng.normal(size=(2, 2, 3, 3))
    labels = torch.tensor([[UNKNOWN, 1, 2], [UNKNOWN, UNKNOWN, UNKNOWN]])
    asked = torch.tensor([[False, True, True], [False, True, False]])
    wanted = [
        slow(goal[i, j], told[i, j], int(labels[i, j]), heat=3.0, weight=0.7)
        for i in range(2)
        for j in range(3)
        if asked[i, j]
    ]
    task = make_task("tag", labels=Vocabulary(["x"]))
    batch = {"labels": labels, "asked": asked}
    assert loss_of(taught, task, told, goal, batch) == pytest.approx(np.mean(wanted))


def test_of_choices_each_group_is_a_question(taught):
    rng = np.random.default_rng(0)
    told, goal = rng.normal(size=(2, 5, 1))
    groups = torch.tensor([0, 1, 0, 1, 1])
    labels = torch.tensor([UNKNOWN, 1, UNKNOWN, 0, 1])
    first, second = [0, 2], [1, 3, 4]
    wanted = [
        slow(goal[first, 0], told[first, 0], UNKNOWN, heat=3.0, weight=0.7),
        slow(goal[second, 0], told[second, 0], 1, heat=3.0, weight=0.7),
    ]
    task = make_task("choose", labels=Vocabulary(["right", "wrong"]), group="question")
    batch = {"labels": labels, "groups": groups}
    assert loss_of(taught, task, told, goal, batch) == pytest.approx(np.mean(wanted))


def test_of_spans_start_and_end_are_questions_over_the_tokens(taught):
    rng = np.random.default_rng(0)
    told, goal = rng.normal(size=(2, 2, 4, 2))
    asked = torch.tensor([[True, False, True, True], [True, True, True, False]])
    labels = torch.tensor([[1, 0, 3, 5], [1, 1, 1, 0]])  # the second's answer is not known
    wanted = [
        slow(goal[i][asked[i], end], told[i][asked[i], end], truth, heat=3.0, weight=0.7)
        for i, end, truth in ((0, 0, 1), (0, 1, 2), (1, 0, UNKNOWN), (1, 1, UNKNOWN))
    ]
    batch = {"labels": labels, "asked": asked}
    assert loss_of(taught, make_task("span"), told, goal, batch) == pytest.approx(np.mean(wanted))


def cities(corpus):
    spans = [
        tuple(LabelledSpan(m.span, "city") for m in doc.mentions if doc.text[m.span.start] == "c")
        for doc in corpus
    ]
    docs = (replace(doc, spans=found) for doc, found in zip(corpus, spans, strict=True))
    return Corpus(tuple(docs))


def test_a_student_learns_to_tag_from_texts_without_spans(world):
    text, nodes, corpus = world
    told = cities(corpus)
    run = train(FusedModel(text, nodes, task="tag"), told.train, config=CONFIG)
    bare = Corpus(tuple(replace(doc, spans=None) for doc in told.train))
    student = FusedModel(text, None, fusion="none", task="tag", labels=run.model.labels)
    train(student, bare, beside=teacher_of(run), config=CONFIG)
    pairs = zip(find_spans(student, told.test), find_spans(run, told.test), strict=True)
    assert np.mean([mine == theirs for mine, theirs in pairs]) > 0.8
    other = FusedModel(text, None, fusion="none", task="tag", labels=Vocabulary(["land"]))
    with pytest.raises(ConfigError, match=r"must have the teacher's classes \['city'\]; got"):
        train(other, bare, beside=teacher_of(run))


def test_of_tokens_teacher_and_student_must_read_the_same(world, tiny_text):
    text, nodes, corpus = world
    told = cities(corpus)
    run = train(FusedModel(text, nodes, task="tag"), told.train, config=replace(CONFIG, epochs=1))
    student = FusedModel(tiny_text, None, fusion="none", task="tag", labels=run.model.labels)
    with pytest.raises(ConfigError, match="their tokenizers differ"):
        train(student, told.train, beside=teacher_of(run))
    samples = run.model.task.samples(told.train)[:2]
    other = FusedModel(text, None, fusion="none", task="tag", labels=run.model.labels)
    items = other.batcher().items(samples)
    short = [items[0], items[1]._replace(tokens=items[0].tokens)]
    with pytest.raises(ConfigError, match=f"document '{samples[1].id}' must have the same tokens"):
        teacher_of(run).taught(samples, short)


def test_some_labels_may_be_missing_but_none_unknown(world, taught):
    text, nodes, corpus = world
    first, *rest = corpus.train
    some = Corpus((replace(first, label=None), *rest))
    assert len(with_labels(taught.model.task, some)) == len(rest)
    train(
        FusedModel(text, nodes), some, beside=teacher_of(taught), config=replace(CONFIG, epochs=1)
    )
    wrong = Corpus((replace(first, label="perhaps"), *rest))
    with pytest.raises(DataError, match="label must be one of false, true; got 'perhaps'"):
        train(FusedModel(text, nodes), wrong, beside=teacher_of(taught))


def test_the_folder_gives_the_teacher_back_and_a_twin_has_the_teachers_twin(
    world, taught, tmp_path
):
    text, _nodes, corpus = world
    few = Corpus(corpus.train.documents[:40])
    student = FusedModel(text, None, fusion="none")
    teacher = teacher_of(taught, weight=0.5, temperature=4.0)
    once = replace(CONFIG, epochs=1)
    run = train(student, few, beside=teacher, out=tmp_path, config=once)
    (again,) = Run.load(tmp_path).beside
    assert again.spec() == teacher.spec()
    assert again.model.data.documents == corpus.train.documents  # the teacher's run, whole
    assert twin(Run.load(tmp_path), "none").beside[0].source.config.fusion == "none"
    samples = few.samples(taught.model.labels)
    assert np.array_equal(predict(again.source, samples), predict(taught, samples))
    with pytest.raises(ConfigError, match="it holds one with another teacher"):
        train(student, few, beside=replace(teacher, weight=0.6), out=tmp_path, config=once)
    (plain,) = twin(run, "none").beside
    assert plain.source.config.fusion == "none"
    assert plain.weight == 0.5
    (dealt,) = twin(run, "shuffled", 1).beside
    assert dealt.source.deal is not None
    with pytest.raises(ConfigError, match=r"cannot be kept in a run's folder"):
        train(FusedModel(text, None, fusion="none"), few, beside=dealt, out=tmp_path / "no")
    assert not (tmp_path / "no").exists()
    found = uplift(run, corpus.test, seeds=(0, 1, 2))
    assert [x.name for x in found.systems] == ["fused", "none", "shuffled"]
    bare = replace(run, beside=(replace(teacher, model=taught.model),))
    for ask in (lambda: twin(bare, "none"), lambda: uplift(bare, corpus.test)):
        with pytest.raises(ConfigError, match=r"a teacher must be a run"):
            ask()


def test_texts_without_any_label_are_measured_by_the_teachers_classes(world, taught):
    text, _nodes, corpus = world
    bare = Corpus(tuple(replace(doc, label=None) for doc in corpus.train.documents[:40]))
    student = FusedModel(text, None, fusion="none")
    run = train(student, bare, beside=teacher_of(taught), config=replace(CONFIG, epochs=1))
    assert len(uplift(run, corpus.test).systems) == 3
    odd = Corpus((replace(corpus.test[0], label="perhaps"),))
    with pytest.raises(DataError, match="got 'perhaps'"):
        uplift(run, odd)


def test_a_teacher_of_other_entities_is_refused(world, world_graph, taught):
    text, nodes, corpus = world
    order = np.arange(world_graph.num_entities)[::-1]
    names = Vocabulary([world_graph.entities[i] for i in order])
    triples = world_graph.triples.copy()
    triples[:, [0, 2]] = len(order) - 1 - triples[:, [0, 2]]
    turned = replace(world_graph, entities=names, triples=triples)
    other = FusedModel(text, GraphEncoder("complex", turned, dim=16))
    with pytest.raises(ConfigError, match="must have vectors of the student's entities"):
        train(other, corpus.train, beside=teacher_of(taught))
    mine = FusedModel(text, nodes, labels=corpus.labels())
    with pytest.raises(ConfigError, match="must be another model than its student"):
        train(mine, corpus.train, beside=teacher_of(mine))
    for wrong in (nodes, "runs/big"):
        with pytest.raises(ConfigError, match="must be a FusedModel or the run"):
            teacher_of(wrong)


def test_what_cannot_teach_is_one_clear_line(world, taught):
    text, nodes, corpus = world
    with pytest.raises(ConfigError, match="Train it first"):
        teacher_of(FusedModel(text, nodes))
    with pytest.raises(ConfigError, match=r"teacher\.weight must be between"):
        teacher_of(taught, weight=1.5)
    with pytest.raises(ConfigError, match=r"teacher\.temperature"):
        teacher_of(taught, temperature=0.0)
    tagger = FusedModel(text, nodes, task="tag")
    with pytest.raises(ConfigError, match="must have the teacher's task 'classify'"):
        train(tagger, cities(corpus.train), beside=teacher_of(taught))
