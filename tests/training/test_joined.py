import json
from dataclasses import replace
from functools import partial

import pytest
import torch

from lichen.base.errors import ChoiceError, ConfigError
from lichen.data.corpus import Corpus, LabelledSpan
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion import pooled, token_head
from lichen.fusion.model import FusedModel
from lichen.fusion.sibling import sibling
from lichen.training.beside import Beside
from lichen.training.config import TrainConfig
from lichen.training.consistency import Consistency
from lichen.training.joined import joined
from lichen.training.loop import train
from lichen.training.multitask import TasksRun, train_tasks
from lichen.training.teacher import Teacher
from lichen.training.twins import twin_tasks

CONFIG = TrainConfig(epochs=3, batch_size=4, text_learning_rate=1e-3)


@pytest.fixture
def corpora(tiny_corpus):
    """Give documents of two tasks: which label, and where towns and lands are."""
    docs = [replace(doc, label="odd" if int(doc.id) % 2 else "even") for doc in tiny_corpus]
    spans = [
        tuple(map(LabelledSpan, (m.span for m in doc.mentions), ("town", "land"))) for doc in docs
    ]
    tagged = (replace(doc, spans=found) for doc, found in zip(docs, spans, strict=True))
    return {"parity": Corpus(tuple(docs)), "kinds": Corpus(tuple(tagged))}


@pytest.fixture
def fresh(tiny_text, tiny_graph):
    nodes = GraphEncoder("complex", tiny_graph, dim=8)
    return partial(FusedModel, tiny_text, nodes, graph=tiny_graph, train_text=True)


def pair(model):
    return {"parity": model, "kinds": sibling(model, task="tag")}


@pytest.fixture
def everything(fresh, corpora, tiny_corpus, tiny_graph):
    """Give all that can be learned with two tasks, at once."""
    taught = train(fresh(task="tag", seed=5), corpora["kinds"], config=CONFIG)
    return (
        Beside(
            objectives={"mask": 0.5, "fact": 0.5},
            corpus=tiny_corpus,
            graph=tiny_graph,
            batch_size=4,
        ),
        Consistency(texts=tiny_corpus, task="parity", batch_size=4, threshold=0.0),
        Consistency(texts=tiny_corpus, task="kinds", batch_size=4, threshold=0.0),
        Teacher(model=taught, task="kinds"),
    )


def weights(models):
    return {
        f"{name}.{key}": x.detach().clone()
        for name, model in models.items()
        for key, x in model.state_dict().items()
    }


def test_all_of_it_is_learned_in_one_run_that_goes_on_after_a_kill(
    fresh, corpora, everything, tmp_path, killed
):
    def run(name):
        models = pair(fresh(train_nodes=True, triple=0.5))
        return train_tasks(models, corpora, beside=everything, out=tmp_path / name, config=CONFIG)

    killed(lambda: run("cut"))
    whole, again = run("whole"), run("cut")
    one, two = weights(whole.models), weights(again.models)
    assert not [name for name in one if not torch.equal(one[name], two[name])]
    lines = [json.loads(x) for x in (tmp_path / "whole/metrics.jsonl").read_text().splitlines()]
    told = {"loss_mask", "loss_fact", "loss_consistency_parity", "loss_consistency_kinds"}
    assert all(told <= line.keys() for line in lines[:-1])
    back = TasksRun.load(tmp_path / "whole").beside
    assert [one.spec() for one in back] == [one.spec() for one in everything]
    assert [getattr(one, "task", None) for one in back] == [None, "parity", "kinds", "kinds"]


def test_each_part_of_it_changes_what_is_learned(fresh, corpora, everything):
    found = []
    for beside in (None, *everything):
        models = pair(fresh())
        train_tasks(models, corpora, beside=beside, config=replace(CONFIG, epochs=1))
        found.append(weights(models)["kinds.head.outer.weight"])
    for i, mine in enumerate(found):
        assert all(not torch.equal(mine, other) for other in found[:i])


def test_two_processes_go_where_one_goes(tiny_text, tiny_corpus, tiny_graph, corpora, monkeypatch):
    monkeypatch.setattr(pooled, "TEXT_DROP", 0.0)  # nothing is left to chance
    monkeypatch.setattr(token_head, "DROP", 0.0)
    nodes = GraphEncoder("complex", tiny_graph, dim=8)
    taught = train(FusedModel(tiny_text, nodes, task="tag"), corpora["kinds"], config=CONFIG)
    agreed = {"texts": tiny_corpus, "batch_size": 4, "threshold": 0.0, "hide": 0.0}
    beside = (Consistency(task="parity", **agreed), Teacher(model=taught, task="kinds"))
    found = []
    for processes in (1, 2):
        model = FusedModel(
            tiny_text, nodes, graph=tiny_graph, train_nodes=True, triple=0.5, head="pooled"
        )
        run = train_tasks(pair(model), corpora, beside=beside, config=CONFIG, processes=processes)
        found.append(run)
    one, two = (weights(run.models) for run in found)
    assert found[0].totals["steps"] == found[1].totals["steps"] == 3 * 2 * 3
    for name in corpora:
        losses = [run.metrics[name]["loss"] for run in found]
        assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for name, x in one.items():
        assert torch.allclose(x.float(), two[name].float(), atol=1e-5), name


def test_two_processes_learn_words_and_facts_beside_a_task(fresh, corpora, everything, tmp_path):
    words = replace(everything[0], batch_size=4)
    config = replace(CONFIG, epochs=30, text_learning_rate=3e-3)
    train(fresh(), corpora["parity"], beside=words, out=tmp_path, config=config, processes=2)
    lines = [json.loads(x) for x in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    told = [line for line in lines if "loss_fact" in line]
    for name in words.objectives:
        assert told[-1][f"loss_{name}"] < 0.9 * told[0][f"loss_{name}"]


def test_twins_of_all_of_it_are_taught_by_twins(fresh, corpora, everything):
    run = train_tasks(pair(fresh()), corpora, beside=everything, config=replace(CONFIG, epochs=1))
    words, *agreed, teacher = twin_tasks(run, "none").beside
    assert words.objectives == {"mask": 0.5}
    assert [one.task for one in agreed] == ["parity", "kinds"]
    assert teacher.source.config.fusion == "none"


def test_what_does_not_belong_together_is_one_clear_line(fresh, corpora, everything, tiny_corpus):
    words, parity, kinds, teacher = everything
    with pytest.raises(ConfigError, match="one Beside a task at most; got two"):
        joined([words, words])
    with pytest.raises(ConfigError, match=r"must be a Beside, a Consistency, .* got dict"):
        joined([{"mask": 1.0}])
    with pytest.raises(ConfigError, match="got int"):
        joined(5)
    with pytest.raises(ConfigError, match="must be None for a GraphEncoder"):
        train(fresh().nodes, fresh().graph, beside=words)
    with pytest.raises(ConfigError, match=r"consistency\.task must be None where a run has one"):
        train(fresh(), corpora["parity"], beside=parity)
    alone = Consistency(texts=tiny_corpus)
    with pytest.raises(ConfigError, match=r"consistency\.task must name one of .*parity, kinds"):
        train_tasks(pair(fresh()), corpora, beside=alone)
    odd = replace(parity, batch_size=3)
    with pytest.raises(ConfigError, match=r"divide consistency-parity\.batch_size \(3\); got 2"):
        train_tasks(pair(fresh()), corpora, beside=[odd, kinds], processes=2)
    other = replace(kinds, task="kind")
    with pytest.raises(ChoiceError, match=r"consistency\.task must be one of kinds, parity"):
        train_tasks(pair(fresh()), corpora, beside=[parity, other])
    with pytest.raises(ConfigError, match="must have the teacher's task 'tag'"):
        train_tasks(pair(fresh()), corpora, beside=replace(teacher, task="parity"))
