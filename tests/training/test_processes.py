import multiprocessing
import threading
import time
from dataclasses import replace

import pytest
import torch

from lichen.base.errors import ConfigError, LichenError
from lichen.data.corpus import Corpus
from lichen.fusion import EVERY
from lichen.fusion.config import FusedConfig
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.joined import ALONE
from lichen.training.loop import train
from lichen.training.processes import Job, leaves_unused, require_shared

CONFIG = TrainConfig(epochs=12, batch_size=32, learning_rate=5e-3)


def test_two_processes_take_as_many_steps_and_reach_what_one_reaches(world, tmp_path, capfd):
    text, nodes, corpus = world
    found = []
    for processes in (1, 2):
        out = tmp_path / str(processes)
        model = FusedModel(text, nodes)
        run = train(
            model, corpus.train, valid=corpus.test, out=out, config=CONFIG, processes=processes
        )
        assert len((out / "metrics.jsonl").read_text().splitlines()) == CONFIG.epochs + 1
        found.append(run.metrics)
    one, two = found
    assert two["steps"] == one["steps"]
    assert two["loss"] == pytest.approx(one["loss"], rel=0.15)
    assert two["valid_accuracy"] == pytest.approx(one["valid_accuracy"], abs=0.1)
    assert two["valid_accuracy"] > 0.8
    assert "find_unused_parameters" not in capfd.readouterr().err


def kill_one_after_a_checkpoint(out):
    while not list(out.glob("checkpoints/checkpoint-*/trainer_state.json")):
        time.sleep(0.01)
    multiprocessing.active_children()[1].kill()


def test_a_process_that_dies_is_one_clear_line_and_the_run_goes_on(world, tmp_path):
    text, nodes, corpus = world
    config = TrainConfig(epochs=30, batch_size=32)
    killer = threading.Thread(target=kill_one_after_a_checkpoint, args=[tmp_path / "cut"])
    killer.start()
    with pytest.raises(LichenError, match=r"^processes: all 2 must live") as error:
        train(
            FusedModel(text, nodes), corpus.train, out=tmp_path / "cut", config=config, processes=2
        )
    killer.join()
    assert "\n" not in str(error.value)
    runs = [
        train(
            FusedModel(text, nodes), corpus.train, out=tmp_path / name, config=config, processes=2
        )
        for name in ("cut", "whole")
    ]
    mine, theirs = (run.model.state_dict() for run in runs)
    assert all(torch.allclose(x, theirs[name], atol=1e-5) for name, x in mine.items())


def test_what_cannot_go_on_is_one_clear_line(world):
    text, nodes, corpus = world
    with pytest.raises(ConfigError, match=r"must divide train\.batch_size \(32\); got 3"):
        train(FusedModel(text, nodes), corpus.train, config=CONFIG, processes=3)
    with pytest.raises(ConfigError, match="processes must be"):
        train(FusedModel(text, nodes), corpus.train, config=CONFIG, processes=0)


@pytest.mark.parametrize(
    ("processes", "further", "said"),
    [
        (0, {}, "processes must be between 1 and 1024; got 0"),
        (3, {}, r"processes must divide train.batch_size \(32\); got 3"),
        (2, {"beside.batch_size": 3}, r"processes must divide beside.batch_size \(3\); got 2"),
    ],
)
def test_a_training_that_cannot_be_shared_is_refused(processes, further, said):
    told = {"fused": FusedConfig(triple=1.0), "device": torch.device("cpu")}
    require_shared(2, CONFIG, **told, further={"beside.batch_size": 4})
    require_shared(1, CONFIG, **told, further={"beside.batch_size": 3})
    with pytest.raises(ConfigError, match=said):
        require_shared(processes, CONFIG, **told, further=further)


def test_a_model_on_a_gpu_is_not_shared():
    with pytest.raises(ConfigError, match="processes must be 1 for a model on cuda; got 2"):
        require_shared(2, CONFIG, FusedConfig(), device=torch.device("cuda"), further={})


def test_whole_questions_are_shared_among_any_number():
    fused = FusedConfig(task="choose", group="question")
    require_shared(3, CONFIG, fused, device=torch.device("cpu"), further={})


def job_of(model, corpus):
    batcher = model.batcher()
    bundles = model.task.bundles(batcher.items(model.task.samples(corpus)))
    return batcher, Job(
        models={ALONE: model},
        bundles=[bundles],
        sizes=[CONFIG.batch_size],
        config=CONFIG,
        seed=0,
        folder=None,
        log=None,
        resume=None,
    )


def unused(model, batch):
    model.train()
    model.zero_grad(set_to_none=True)
    model(**batch).loss.backward()
    return [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]


@pytest.mark.parametrize("head", ["pairs", "pooled", "matched"])
@pytest.mark.parametrize("fusion", [*EVERY, "none"])
def test_nothing_is_left_unused_where_every_text_names_two_entities(
    world, world_graph, fusion, head
):
    text, nodes, corpus = world
    few = Corpus(corpus.train.documents[:4])
    model = FusedModel(
        text, nodes, fusion=fusion, head=head, graph=world_graph, labels=corpus.labels()
    )
    batcher, job = job_of(model, few)
    assert not leaves_unused(job)
    for bundle in job.bundles[0]:
        assert not unused(model, batcher.collate(bundle))


@pytest.mark.parametrize(
    ("settings", "num_mentions"),
    [({"head": "pooled"}, 0), ({"head": "pairs"}, 1), ({"train_nodes": True}, 2)],
    ids=str,
)
def test_what_may_be_left_unused_is_looked_for(world, world_graph, settings, num_mentions):
    text, nodes, corpus = world
    first, *rest = corpus.train.documents[:4]
    bare = replace(first, mentions=first.mentions[:num_mentions])
    model = FusedModel(text, nodes, labels=corpus.labels(), graph=world_graph, **settings)
    batcher, job = job_of(model, Corpus((bare, *rest)))
    assert leaves_unused(job)
    assert unused(model, batcher.collate(job.bundles[0][0]))


def test_processes_share_texts_of_which_some_name_nothing(world):
    text, nodes, corpus = world
    docs = corpus.train.documents[:64]
    some = Corpus(tuple(replace(d, mentions=()) for d in docs[:60]) + docs[60:])
    config = TrainConfig(epochs=2, batch_size=4)
    run = train(FusedModel(text, nodes, head="pooled"), some, config=config, processes=2)
    assert run.metrics["steps"] == 32
