import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

import lichen as li
from lichen.base.errors import ChoiceError, ConfigError, DataError
from lichen.data.corpus import Corpus, LabelledSpan
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.model import FusedModel
from lichen.fusion.sibling import sibling
from lichen.training.beside import Beside, BesideLoss
from lichen.training.config import TrainConfig
from lichen.training.distil import distil
from lichen.training.loop import train
from lichen.training.multitask import TasksRun, train_tasks
from lichen.training.objectives.mask import WordHead
from lichen.training.predict import predict
from lichen.training.run import Run
from lichen.training.twins import twin, twin_tasks

CONFIG = TrainConfig(epochs=3, batch_size=4, text_learning_rate=1e-3)


@pytest.fixture
def labelled(tiny_corpus):
    docs = (replace(doc, label="odd" if int(doc.id) % 2 else "even") for doc in tiny_corpus)
    return Corpus(tuple(docs))


@pytest.fixture
def fresh(tiny_text, tiny_graph):
    nodes = GraphEncoder("complex", tiny_graph, dim=8)
    return partial(FusedModel, tiny_text, nodes, train_text=True)


@pytest.fixture
def beside(tiny_corpus, tiny_graph):
    weights = {"mask": 0.5, "fact": 0.5, "contrastive": 0.2}
    return Beside(objectives=weights, corpus=tiny_corpus, graph=tiny_graph, batch_size=4)


def weights(model):
    return {n: p.detach().clone() for n, p in model.named_parameters()}


def test_the_loss_is_the_weighed_sum_over_the_models_own_language_model(fresh, beside):
    model = fresh()
    loss = BesideLoss(beside, model, seed=0).eval()
    total = loss(3)
    found = loss.objectives.figures()
    each = sum(beside.objectives[name] * found[f"loss_{name}"] for name in beside.objectives)
    assert float(total.detach()) == pytest.approx(each, rel=1e-5)
    assert torch.equal(loss(3), total)
    assert not torch.equal(loss(4), total)
    total.backward()
    moved = [p.grad for p in model.text.model.parameters() if p.grad is not None]
    assert any(bool(grad.abs().sum() > 0) for grad in moved)


@pytest.mark.parametrize(
    ("settings", "at_most"), [({}, 0.9), ({"train_text": False, "lora": 2}, 0.97)], ids=str
)
def test_words_and_facts_are_learned_while_labels_are(
    fresh, labelled, beside, tmp_path, settings, at_most
):
    config = replace(CONFIG, epochs=60, text_learning_rate=3e-3, lora_learning_rate=1e-2)
    out = tmp_path / "run"
    run = train(fresh(**settings), labelled, beside=beside, out=out, config=config)
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    told = [line for line in lines if "loss_fact" in line]
    assert len(told) == config.epochs
    for name in beside.objectives:
        assert told[-1][f"loss_{name}"] < at_most * told[0][f"loss_{name}"]
    assert run.metrics["loss"] < told[0]["loss"]


def test_the_model_given_nothing_beside_is_another(fresh, labelled, beside):
    alone, together = fresh(), fresh()
    train(alone, labelled, config=CONFIG)
    train(together, labelled, beside=beside, config=CONFIG)
    one, two = weights(alone.text.model), weights(together.text.model)
    assert any(not torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_killed_run_goes_on_and_ends_the_same(
    fresh, labelled, beside, tmp_path, killed, accumulate
):
    config = replace(CONFIG, accumulate=accumulate)
    whole = fresh()
    train(whole, labelled, beside=beside, out=tmp_path / "whole", config=config)

    killed(lambda: train(fresh(), labelled, beside=beside, out=tmp_path / "cut", config=config))
    again = fresh()
    train(again, labelled, beside=beside, out=tmp_path / "cut", config=config)
    one, two = weights(whole), weights(again)
    differ = {
        n: float((one[n] - two[n]).abs().max()) for n in one if not torch.equal(one[n], two[n])
    }
    assert not differ


def test_every_pass_of_a_step_draws_other_batches(fresh, labelled, beside, monkeypatch):
    turns = []
    forward = BesideLoss.forward
    monkeypatch.setattr(
        BesideLoss, "forward", lambda self, turn: (turns.append(turn), forward(self, turn))[1]
    )
    config = replace(CONFIG, batch_size=3, accumulate=2, epochs=2)
    train(fresh(), labelled, beside=beside, config=config)
    assert turns == list(range(8))


def test_the_folder_gives_it_back(fresh, tiny_text, labelled, beside, tmp_path):
    torch.manual_seed(1)
    given = replace(beside, head=WordHead(tiny_text))
    out = tmp_path / "run"
    train(fresh(), labelled, beside=given, out=out, config=CONFIG)
    (found,) = Run.load(out).beside
    assert found.spec() == given.spec()
    assert found.graph.types == given.graph.types
    with pytest.raises(ConfigError, match="it holds one with another beside"):
        train(fresh(), labelled, out=out, config=CONFIG)
    with pytest.raises(ConfigError, match="it holds one with another beside"):
        train(fresh(), labelled, beside=beside, out=out, config=CONFIG)


def test_a_head_that_was_trained_is_where_masked_words_begin(fresh, tiny_text, beside):
    torch.manual_seed(1)
    head = WordHead(tiny_text)
    loss = BesideLoss(replace(beside, head=head), fresh(), seed=0)
    found = loss.objectives.word_head
    assert torch.equal(found.dense.weight, head.dense.weight)
    assert loss.objectives["fact"].head is found is not head


def test_twins_are_told_no_facts_or_others(beside, fresh, labelled):
    assert beside.twin("none", 0).objectives == {"mask": 0.5, "contrastive": 0.2}
    assert replace(beside, objectives={"fact": 1.0}).twin("count", 0) is None
    assert beside.twin("fused", 3) is beside
    dealt = beside.twin("shuffled", 3).graph
    assert dealt.num_facts == beside.graph.num_facts
    assert not np.array_equal(dealt.triples, beside.graph.triples)
    assert sorted(dealt.types.values()) == sorted(beside.graph.types.values())
    run = train(fresh(), labelled, beside=beside, config=CONFIG)
    assert twin(run, "none").beside[0].objectives == {"mask": 0.5, "contrastive": 0.2}
    assert twin(run, "shuffled", 3).beside[0].spec() == beside.twin("shuffled", 3).spec()


def test_knowledge_told_in_training_alone_is_measured_too(labelled, beside, tiny_text):
    model = FusedModel(tiny_text, None, fusion="none", train_text=True)
    run = train(model, labelled, beside=beside, config=replace(CONFIG, epochs=1))
    found = li.uplift(run, labelled)
    assert [x.name for x in found.systems] == ["fused", "none", "shuffled"]
    told, none = twin(run, "shuffled", 1), twin(run, "none", 1)
    assert told.beside[0].spec()["objectives"] == dict(beside.objectives)
    assert "fact" not in none.beside[0].objectives
    states = [x.model.text.model.embeddings.word_embeddings.weight for x in (told, none)]
    assert not torch.equal(*states)


def test_a_student_learns_facts_with_its_teacher(fresh, labelled, beside, tiny_text):
    teacher = train(fresh(), labelled, config=CONFIG)

    def student():
        return FusedModel(
            tiny_text, None, fusion="none", labels=teacher.model.labels, train_text=True
        )

    samples = labelled.samples(teacher.model.labels)
    told, plain = (
        distil(teacher, labelled, student=student(), config=CONFIG, beside=more).model
        for more in (beside, None)
    )
    assert not np.array_equal(predict(told, samples), predict(plain, samples))


@pytest.fixture
def two_tasks(labelled):
    """Give documents of two tasks: which label, and where towns and lands are."""
    spans = [
        tuple(
            LabelledSpan(m.span, kind)
            for m, kind in zip(doc.mentions, ("town", "land"), strict=True)
        )
        for doc in labelled
    ]
    docs = (replace(doc, spans=found) for doc, found in zip(labelled, spans, strict=True))
    return {"parity": labelled, "kinds": Corpus(tuple(docs))}


def siblings(model):
    return {"parity": model, "kinds": sibling(model, task="tag")}


def test_several_tasks_are_learned_while_words_and_facts_are(fresh, two_tasks, beside, tmp_path):
    config = replace(CONFIG, epochs=20, text_learning_rate=3e-3)
    run = train_tasks(
        siblings(fresh()), two_tasks, beside=beside, out=tmp_path / "run", config=config
    )
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    told = [line for line in map(json.loads, lines) if "loss_fact" in line]
    assert len(told) == config.epochs
    for name in beside.objectives:
        assert told[-1][f"loss_{name}"] < 0.9 * told[0][f"loss_{name}"]
    alone = train_tasks(siblings(fresh()), two_tasks, config=replace(config, epochs=1))
    for name in two_tasks:
        assert run.metrics[name]["loss"] < alone.metrics[name]["loss"]


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_killed_run_of_several_tasks_goes_on_and_ends_the_same(
    fresh, two_tasks, beside, tmp_path, killed, accumulate
):
    config = replace(CONFIG, accumulate=accumulate)

    def run(name):
        out = tmp_path / name
        return train_tasks(siblings(fresh()), two_tasks, beside=beside, out=out, config=config)

    killed(lambda: run("cut"))
    whole, again = run("whole"), run("cut")
    for name, model in whole.models.items():
        one, two = weights(model), weights(again.models[name])
        assert not [n for n in one if not torch.equal(one[n], two[n])]
        assert again.metrics[name]["loss"] == pytest.approx(whole.metrics[name]["loss"], rel=1e-6)


def test_the_folder_of_several_tasks_gives_it_back(fresh, two_tasks, beside, tmp_path):
    given = {"out": tmp_path, "config": replace(CONFIG, epochs=1)}
    train_tasks(siblings(fresh()), two_tasks, beside=beside, **given)
    found = TasksRun.load(tmp_path)
    assert found.beside[0].spec() == beside.spec()
    assert found.of("kinds").beside is found.beside
    for other in (None, replace(beside, batch_size=2)):
        with pytest.raises(ConfigError, match="it holds one with another beside"):
            train_tasks(siblings(fresh()), two_tasks, beside=other, **given)


def test_twins_of_several_tasks_are_told_no_facts_or_others(fresh, two_tasks, beside, tiny_text):
    config = replace(CONFIG, epochs=1)
    run = train_tasks(siblings(fresh()), two_tasks, beside=beside, config=config)
    assert twin_tasks(run, "none").beside[0].objectives == {"mask": 0.5, "contrastive": 0.2}
    assert (
        twin(run.of("parity"), "shuffled", 3).beside[0].spec() == beside.twin("shuffled", 3).spec()
    )
    alone = FusedModel(tiny_text, None, fusion="none", train_text=True)
    told = train_tasks(siblings(alone), two_tasks, beside=beside, config=config)
    assert twin_tasks(told, "shuffled", 3).beside[0].spec() == beside.twin("shuffled", 3).spec()


def test_several_tasks_over_a_frozen_language_model_are_refused(fresh, two_tasks, beside):
    models = siblings(fresh(train_text=False))
    with pytest.raises(ConfigError, match=r"^beside: the language model must be trained"):
        train_tasks(models, two_tasks, beside=beside)
    assert models["parity"].labels is None  # nothing was begun


def test_what_cannot_be_is_one_clear_line(fresh, labelled, beside, tiny_text):
    with pytest.raises(ConfigError, match=r"^beside: the language model must be trained"):
        train(fresh(train_text=False), labelled, beside=beside, config=CONFIG)
    odd = replace(beside, batch_size=3)
    with pytest.raises(ConfigError, match=r"processes must divide beside\.batch_size \(3\); got 2"):
        train(fresh(), labelled, beside=odd, config=CONFIG, processes=2)
    with pytest.raises(ConfigError, match="objectives must name at least one"):
        li.Beside(objectives={})
    with pytest.raises(ChoiceError, match="mask"):
        li.Beside(objectives={"maks": 1.0})
    with pytest.raises(ConfigError, match=r"beside\.batch_size must be between"):
        li.Beside(objectives={"mask": 1.0}, batch_size=0)
    with pytest.raises(ConfigError, match="head must be None without the objective 'mask'"):
        li.Beside(objectives={"fact": 1.0}, head=WordHead(tiny_text))
    nothing = Beside(objectives={"fact": 1.0}, graph=Graph.from_triples([]))
    with pytest.raises(DataError, match="there must be at least one training fact"):
        train(fresh(), labelled, beside=nothing, config=CONFIG)


def test_objectives_that_have_nothing_to_learn_leave_the_folder_free(
    fresh, labelled, tiny_graph, tmp_path
):
    untyped = replace(tiny_graph, types={})
    wrong = Beside(objectives={"typing": 1.0}, corpus=labelled, graph=untyped)
    right = Beside(objectives={"fact": 1.0}, corpus=labelled, graph=tiny_graph)
    once = TrainConfig(epochs=1, batch_size=4)
    with pytest.raises(DataError, match="typing"):
        train(fresh(), labelled, beside=wrong, out=tmp_path / "one", config=once)
    assert train(fresh(), labelled, beside=right, out=tmp_path / "one", config=once).metrics
    with pytest.raises(DataError, match="typing"):
        train_tasks(
            {"a": fresh()}, {"a": labelled}, beside=wrong, out=tmp_path / "many", config=once
        )
    assert not (tmp_path / "many").exists()
