import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerCallback

from lichen.base.errors import ArtifactError, ChoiceError, ConfigError, DataError, LichenError
from lichen.data.corpus import Corpus, LabelledSpan
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import evaluate
from lichen.fusion import pooled, token_head
from lichen.fusion.model import FusedModel
from lichen.fusion.sibling import Siblings, require_siblings, sibling
from lichen.jobs.uplift import uplift
from lichen.training import processes
from lichen.training.config import TrainConfig
from lichen.training.multitask import TasksRun, train_tasks
from lichen.training.passes import Passes
from lichen.training.run import Run
from lichen.training.trainer import WEIGHTS, FusedTrainer
from lichen.training.twins import twin, twin_tasks

CONFIG = TrainConfig(epochs=3, batch_size=64)


@pytest.fixture(scope="module")
def tagged(world):
    """Give the same documents, their cities and lands to be found."""
    return Corpus(
        tuple(
            replace(
                doc,
                spans=tuple(
                    LabelledSpan(m.span, "city" if doc.text[m.span.start] == "c" else "land")
                    for m in doc.mentions
                ),
            )
            for doc in world[2]
        )
    )


def pair(world, **settings):
    text, nodes, _corpus = world
    model = FusedModel(text, nodes, **settings)
    return {"claims": model, "kinds": sibling(model, task="tag")}


def split(world, tagged, name):
    return {"claims": world[2].split(name), "kinds": tagged.split(name)}


@pytest.fixture(scope="module")
def learned(world, tagged):
    """Give a run of both tasks that ends well."""
    return train_tasks(
        pair(world),
        split(world, tagged, "train"),
        valid=split(world, tagged, "test"),
        config=TrainConfig(epochs=12, batch_size=32, learning_rate=5e-3),
    )


def test_two_tasks_learn_together(world, tagged, learned):
    run, models = learned, learned.models
    require_siblings(models)
    assert run.metrics["claims"]["valid_accuracy"] > 0.8
    assert run.metrics["kinds"]["valid_document_f1"] > 0.95
    assert run.totals["steps"] == 12 * 2 * -(-len(world[2].train) // 32)
    own = run.totals["trained_parameters"] - sum(
        p.numel() for p in models["claims"].fusion.parameters()
    )
    heads = [p for m in models.values() for p in m.head.parameters() if p.requires_grad]
    assert own == sum(p.numel() for p in heads)
    samples = models["kinds"].task.samples(tagged.test)
    assert models["kinds"].predict(samples)[0] == samples[0].spans


def test_an_epoch_shows_each_sample_once_in_batches_of_one_task(world, tagged, monkeypatch):
    seen = []
    take = Passes.__getitem__

    def spy(self, index):
        task, items = take(self, index)
        seen.append((task, [id(item) for item in items]))
        return task, items

    monkeypatch.setattr(Passes, "__getitem__", spy)
    data = split(world, tagged, "train")
    data["kinds"] = Corpus(data["kinds"].documents[:40])
    train_tasks(pair(world), data, config=TrainConfig(epochs=3, batch_size=16))
    per_epoch = len(seen) // 3
    epochs = [seen[i : i + per_epoch] for i in range(0, len(seen), per_epoch)]
    assert len(epochs) == 3
    whole = []
    for batches in epochs:
        count = Counter((task, item) for task, items in batches for item in items)
        assert set(count.values()) == {1}
        assert Counter(task for task, _ in count) == {0: len(data["claims"]), 1: 40}
        assert {len(items) for task, items in batches if task == 1} == {16, 8}
        order = [task for task, _ in batches]
        assert order not in (sorted(order), sorted(order, reverse=True))
        whole.append({(task, tuple(items)) for task, items in batches})
    assert whole[0] != whole[1]  # dealt anew


def test_the_gradient_of_a_step_is_the_weighed_mean_of_its_tasks(world, tagged, monkeypatch):
    monkeypatch.setattr(pooled, "TEXT_DROP", 0.0)
    monkeypatch.setattr(token_head, "DROP", 0.0)
    models = pair(world, head="pooled", at=1, train_nodes=True)
    data = {name: Corpus(x.documents[:12]) for name, x in split(world, tagged, "train").items()}
    models["claims"].set_labels(world[2].labels())
    models["kinds"].set_labels(Vocabulary(["city", "land"]))
    both = Siblings(models)
    weights = {"kinds": 3.0}
    found = {}

    class Look(TrainerCallback):
        def on_pre_optimizer_step(self, _args, _state, _control, model=None, **_):
            found.update(
                {n: p.grad.clone() for n, p in model.model.named_parameters() if p.grad is not None}
            )

    make = processes.make_trainer

    def made(*args, **more):
        trainer = make(*args, **more)
        trainer.add_callback(Look())
        trainer.args.max_grad_norm = 0.0
        return trainer

    slow = {}
    for name, model in models.items():
        model.train()
        batcher = model.batcher()
        batch = batcher.collate(batcher.items(model.task.samples(data[name])))
        (weights.get(name, 1.0) * model(**batch).loss / 2).backward()
    slow = {n: p.grad.clone() for n, p in both.named_parameters() if p.grad is not None}
    both.zero_grad()
    for model in models.values():
        model.eval()
    monkeypatch.setattr(processes, "make_trainer", made)
    run = train_tasks(
        models,
        data,
        weights=weights,
        config=TrainConfig(epochs=1, batch_size=16, accumulate=2),
    )
    assert run.totals["steps"] == 1
    assert found.keys() == slow.keys()
    assert {n.split(".")[0] for n in found} == {"fusion", "models", "nodes"}
    for name, grad in slow.items():
        assert torch.allclose(found[name], grad, rtol=1e-3, atol=1e-6), name


def test_whole_questions_are_trained_beside_other_tasks(world, tagged, monkeypatch):
    text, nodes, corpus = world
    asked = Corpus(
        tuple(
            replace(
                doc,
                label="right" if doc.label == "true" else "wrong",
                meta={"question": f"{doc.id.split('-')[0]}, {doc.id.split('-')[2]}"},
            )
            for doc in corpus
        )
    )
    sizes = []
    deal = Passes.set_epoch

    def spy(self, epoch):
        deal(self, epoch)
        sizes.append({(task, sum(map(len, drawn))) for task, drawn in self.batches})

    monkeypatch.setattr(Passes, "set_epoch", spy)
    model = FusedModel(text, nodes, task="choose", group="question")
    run = train_tasks(
        {"choose": model, "kinds": sibling(model, task="tag")},
        {"choose": asked.train, "kinds": tagged.train},
        valid={"choose": asked.test},
        config=TrainConfig(epochs=12, batch_size=32, learning_rate=5e-3),
    )
    assert {(0, 32), (1, 32)} <= sizes[0]
    assert all(size % 2 == 0 for task, size in sizes[0] if task == 0)
    assert run.metrics["choose"]["valid_accuracy"] > 0.8


@pytest.mark.parametrize("settings", [{}, {"lora": 2}, {"train_text": True}], ids=str)
def test_a_killed_run_goes_on_and_ends_the_same(world, tagged, tmp_path, monkeypatch, settings):
    data = split(world, tagged, "train")
    whole = train_tasks(pair(world, **settings), data, out=tmp_path / "whole", config=CONFIG)

    class Killed(BaseException):
        pass

    step = FusedTrainer.training_step

    def killed(self, *args, **kwargs):
        if self.state.epoch and self.state.epoch >= 2.4:
            raise Killed
        return step(self, *args, **kwargs)

    monkeypatch.setattr(FusedTrainer, "training_step", killed)
    with pytest.raises(Killed):
        train_tasks(pair(world, **settings), data, out=tmp_path / "cut", config=CONFIG)
    monkeypatch.setattr(FusedTrainer, "training_step", step)
    (checkpoint,) = (tmp_path / "cut/checkpoints").glob("checkpoint-*")
    kept = load_file(checkpoint / WEIGHTS)
    trained = {n.split(".", 1)[1] for n in kept if n.startswith("backbone.")}
    assert bool(trained) is bool(settings)
    assert not [n for n in kept if n.startswith("models.") and n.split(".")[2] != "head"]
    rest = train_tasks(pair(world, **settings), data, out=tmp_path / "cut", config=CONFIG)
    for name, model in rest.models.items():
        theirs = whole.models[name].state_dict()
        assert all(torch.allclose(x, theirs[n], atol=1e-5) for n, x in model.state_dict().items())
        assert rest.metrics[name]["loss"] == pytest.approx(whole.metrics[name]["loss"], rel=1e-5)
    assert not (tmp_path / "cut/checkpoints").exists()
    lines = (tmp_path / "cut/metrics.jsonl").read_text().splitlines()
    steps = [json.loads(line)["step"] for line in lines]
    assert steps == sorted(steps)


def test_a_seed_decides_and_another_differs(world, tagged):
    data = {name: Corpus(x.documents[:60]) for name, x in split(world, tagged, "train").items()}
    found = []
    for seed in (1, 1, 2):
        run = train_tasks(pair(world), data, seed=seed, config=replace(CONFIG, epochs=1))
        found.append(run.models["kinds"].fusion.write.weight)
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_the_folder_gives_back_siblings(world, tagged, tmp_path):
    data, valid = (split(world, tagged, name) for name in ("train", "test"))
    valid.pop("claims")
    run = train_tasks(pair(world, lora=2), data, valid=valid, out=tmp_path / "run", config=CONFIG)
    again = TasksRun.load(tmp_path / "run")
    require_siblings(again.models)
    assert again.metrics == run.metrics
    assert "valid_document_f1" in again.metrics["kinds"]
    assert "valid_accuracy" not in again.metrics["claims"]
    assert (again.config, again.weights, list(again.valid)) == (CONFIG, run.weights, ["kinds"])
    assert [d.text for d in again.data["kinds"]] == [d.text for d in data["kinds"]]
    samples = world[2].test.samples(world[2].labels())
    for one, other in zip(run.models.values(), again.models.values(), strict=True):
        assert np.allclose(*(np.concatenate([x.ravel() for x in head]) for head in (
            [p.detach().numpy() for p in m.head.parameters()] for m in (one, other))))  # fmt: skip
    mine, theirs = (r.models["claims"].predict(samples) for r in (run, again))
    assert torch.allclose(mine, theirs, atol=1e-5)
    same = train_tasks(pair(world, lora=2), data, out=tmp_path / "run", config=CONFIG)
    assert same.metrics == run.metrics
    with pytest.raises(ConfigError, match="another weights"):
        train_tasks(pair(world, lora=2), data, out=tmp_path / "run", config=CONFIG,
                    weights={"claims": 2.0})  # fmt: skip
    with pytest.raises(ArtifactError, match=r"one of claims, kinds. Load it by TasksRun\.load"):
        Run.load(tmp_path / "run")
    models = pair(world)
    run.models["kinds"].save_pretrained(tmp_path / "alone")
    alone = FusedModel.from_pretrained(tmp_path / "alone", device="cpu")
    asked = alone.task.samples(tagged.test)
    assert alone.predict(asked) == run.models["kinds"].predict(asked)
    with pytest.raises(ConfigError, match="must share their parts"):
        train_tasks({"claims": models["claims"], "kinds": alone}, data)


def test_a_run_of_one_task_is_not_read_as_one_of_several(world, tmp_path):
    from lichen.training.loop import train

    text, nodes, corpus = world
    train(FusedModel(text, nodes), corpus.train, out=tmp_path, config=replace(CONFIG, epochs=1))
    with pytest.raises(ArtifactError, match="holds one of one task"):
        TasksRun.load(tmp_path)


def test_without_knowledge_the_task_that_needs_it_is_not_learned(learned):
    none = twin_tasks(learned, "none", 0)
    require_siblings(none.models)
    assert none.models["claims"].config.fusion == "none"
    fused, bare = (run.metrics["claims"]["valid_accuracy"] for run in (learned, none))
    assert bare < fused - 0.2


def test_twins_and_uplift_are_of_models_trained_together(world, tagged):
    data = split(world, tagged, "train")
    run = train_tasks(pair(world), data, config=replace(CONFIG, epochs=1))
    assert twin_tasks(run, "fused", 0).metrics == run.metrics
    one = twin(run.of("claims"), "shuffled", 1)
    assert one.together.seed == 1
    assert one.model.deal is not None
    assert one.together.models["kinds"].deal is one.model.deal
    found = uplift(run.of("claims"), world[2].test, twins=("none",))
    assert [system.name for system in found.systems] == ["fused", "none"]
    with pytest.raises(ChoiceError, match="Did you mean 'claims'"):
        run.of("claim")


def test_the_facts_of_the_graph_are_learned_beside_the_tasks(world, world_graph, tagged):
    data, found = split(world, tagged, "train"), {}
    for weight in (0.0, 5.0):
        untrained = GraphEncoder("complex", world_graph, dim=16)
        settings = {"graph": world_graph, "train_nodes": True, "triple": weight}
        models = pair((world[0], untrained, world[2]), **settings)
        train_tasks(models, data, config=replace(CONFIG, fusion_learning_rate=5e-2))
        found[weight] = evaluate(models["kinds"].nodes, world_graph, split="train").both.mrr
    assert found[5.0] > found[0.0] + 0.2


def test_bad_calls_are_one_clear_line(world, tagged):
    data = split(world, tagged, "train")
    models = pair(world)
    with pytest.raises(ConfigError, match="at least one model"):
        train_tasks({}, {})
    with pytest.raises(ConfigError, match="they are the same"):
        train_tasks({"a": models["claims"], "b": models["claims"]}, {})
    with pytest.raises(ConfigError, match=r"of letters, digits.* got 'a/b'"):
        train_tasks({"a/b": models["claims"]}, {})
    with pytest.raises(ConfigError, match="'kinds' has none"):
        train_tasks(models, {"claims": data["claims"]})
    with pytest.raises(ChoiceError, match="data must be one of claims, kinds; got 'kind'"):
        train_tasks(models, {**data, "kind": data["kinds"]})
    with pytest.raises(ChoiceError, match="weights must be one of claims, kinds; got 'kind'"):
        train_tasks(models, data, weights={"kind": 2.0})
    with pytest.raises(ConfigError, match=r"weights\['kinds'\] must be a weight above 0; got 0"):
        train_tasks(models, data, weights={"kinds": 0})
    with pytest.raises(ChoiceError, match="valid must be one of"):
        train_tasks(models, data, valid={"kind": data["kinds"]})
    with pytest.raises(ConfigError, match=r"data\['kinds'\] must be a Corpus; got list"):
        train_tasks(models, {**data, "kinds": []})
    with pytest.raises(DataError, match=r"^task 'kinds': document .* must have spans"):
        train_tasks(models, {**data, "kinds": data["claims"]})
    bare = Corpus(tuple(replace(doc, label=None) for doc in data["kinds"]))
    with pytest.raises(DataError, match=r"^task 'claims': document .* must have a label"):
        train_tasks(models, {**data, "claims": bare})
    with pytest.raises(DataError, match=r"^task 'kinds': .* is empty"):
        train_tasks(models, {**data, "kinds": Corpus(())})
    nothing = {
        name: Corpus(tuple(replace(doc, mentions=()) for doc in corpus))
        for name, corpus in data.items()
    }
    with pytest.raises(DataError, match=r"^train_tasks: at least one mention must be linked"):
        train_tasks(models, nothing)
    with pytest.raises(ChoiceError, match=r"^train\.report_to must be one of"):
        train_tasks(models, data, config=replace(CONFIG, report_to="wand"))
    assert models["claims"].labels is None  # nothing was begun


def test_a_loss_that_is_no_number_stops_the_run(world, tagged):
    models = pair(world)
    models["kinds"].set_labels(Vocabulary(["city", "land"]))
    with torch.no_grad():
        models["kinds"].head.outer.bias.fill_(torch.nan)
    with pytest.raises(LichenError, match="stay a number"):
        train_tasks(models, split(world, tagged, "train"), config=replace(CONFIG, epochs=1))


def test_lists_instead_of_names_are_one_clear_line(world):
    text, nodes, corpus = world
    model = FusedModel(text, nodes)
    for given, said in (
        (([model], [corpus]), "models must be of type Mapping; got list"),
        (({1: model}, {1: corpus}), "a name must be of letters"),
        (({"a": model}, [corpus]), "data must be of type Mapping; got list"),
    ):
        with pytest.raises(ConfigError, match=said):
            train_tasks(*given)
    with pytest.raises(ConfigError, match="config must be of type TrainConfig; got dict"):
        train_tasks({"a": model}, {"a": corpus}, config={})
    with pytest.raises(ConfigError, match="seed must be between 0"):
        train_tasks({"a": model}, {"a": corpus}, seed=-1)
