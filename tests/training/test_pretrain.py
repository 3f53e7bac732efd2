import json
from dataclasses import replace

import pytest
import torch
from transformers import TrainerCallback

from lichen.base.errors import ArtifactError, ChoiceError, ConfigError, LichenError
from lichen.data.corpus import Corpus
from lichen.lm.text_encoder import TextEncoder
from lichen.training.joint import JointTrainer, PretrainConfig
from lichen.training.objectives import OBJECTIVES
from lichen.training.objectives.mask import WordHead
from lichen.training.pretrain import PretrainRun, pretrain
from lichen.training.reporters import EVENTS

CONFIG = PretrainConfig(
    head_steps=4, steps=8, batch_size=4, max_tokens=16, log_every=2, save_every=3
)


class Cut(Exception):  # noqa: N818 - it stands for a kill
    pass


class _CutAt(TrainerCallback):
    def __init__(self, step):
        self.step = step

    def on_step_begin(self, _args, state, _control, **_kwargs):
        if state.global_step == self.step:
            raise Cut


def weights(run):
    found = {f"text.{k}": v for k, v in run.text.model.state_dict().items()}
    return found | {f"head.{k}": v for k, v in run.head.state_dict().items()}


def figures(folder, key):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if key in line]


def assert_same(one, two):
    first, second = weights(one), weights(two)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_all_objectives_together_lower_every_loss(tiny_text, tiny_corpus, tiny_graph, tmp_path):
    before = tiny_text.fingerprint
    fast = {"learning_rate": 5e-3, "head_learning_rate": 1e-2}
    config = replace(CONFIG, steps=60, batch_size=8, log_every=10, **fast)
    every = dict.fromkeys(OBJECTIVES, 1.0)
    run = pretrain(
        tiny_text, tiny_corpus, tiny_graph, objectives=every, config=config, out=tmp_path
    )
    first, *_, last = figures(tmp_path, "loss_typing")
    for name in OBJECTIVES:
        assert last[f"loss_{name}"] < 0.9 * first[f"loss_{name}"], name
        assert run.metrics[f"loss_{name}"] == last[f"loss_{name}"]
    assert tiny_text.fingerprint == before
    assert not run.text.model.training


def test_one_seed_gives_one_result(tiny_text, tiny_corpus, tiny_graph):
    one, two = (pretrain(tiny_text, tiny_corpus, tiny_graph, config=CONFIG) for _ in range(2))
    assert_same(one, two)
    other = pretrain(tiny_text, tiny_corpus, tiny_graph, config=CONFIG, seed=1)
    assert other.text.fingerprint != one.text.fingerprint


@pytest.mark.parametrize(("cut_at", "accumulate"), [(2, 1), (7, 1), (11, 2)])
def test_a_run_that_was_cut_short_goes_on_and_ends_alike(
    tiny_text, tiny_corpus, tiny_graph, tmp_path, monkeypatch, cut_at, accumulate
):
    config = replace(CONFIG, accumulate=accumulate)
    given = (tiny_text, tiny_corpus, tiny_graph)
    whole = pretrain(*given, config=config, out=tmp_path / "whole")
    begin = JointTrainer.__init__
    with monkeypatch.context() as patch:

        def cut_short(self, *args, callbacks, **kwargs):
            begin(self, *args, callbacks=[*callbacks, _CutAt(cut_at)], **kwargs)

        patch.setattr(JointTrainer, "__init__", cut_short)
        with pytest.raises(Cut):
            pretrain(*given, config=config, out=tmp_path / "cut")
    resumed = pretrain(*given, config=config, out=tmp_path / "cut")
    assert_same(whole, resumed)
    assert not (tmp_path / "cut" / "checkpoints").exists()


def test_two_processes_take_the_same_steps_and_go_where_one_goes(
    tiny_text, tiny_corpus, tiny_graph, tmp_path
):
    config = replace(CONFIG, head_steps=10, steps=30, learning_rate=3e-3)
    runs = [
        pretrain(
            tiny_text,
            tiny_corpus,
            tiny_graph,
            objectives={"mask": 1.0, "fact": 1.0, "triple": 1.0},
            out=tmp_path / str(processes),
            config=config,
            processes=processes,
        )
        for processes in (1, 2)
    ]
    one, two = (weights(run) for run in runs)
    assert runs[0].metrics["steps"] == runs[1].metrics["steps"] == 40
    for name in ("1", "2"):
        assert len(figures(tmp_path / name, "loss_fact")) == 15
    start = tiny_text.model.state_dict()["embeddings.word_embeddings.weight"]
    moved = [
        (found["text.embeddings.word_embeddings.weight"] - start).flatten() for found in (one, two)
    ]
    assert torch.cosine_similarity(*moved, dim=0) > 0.7
    with pytest.raises(
        ConfigError, match=r"processes must divide pretrain\.batch_size \(4\); got 3"
    ):
        pretrain(tiny_text, tiny_corpus, tiny_graph, config=CONFIG, processes=3)


def test_the_folder_holds_encoder_head_and_figures(tiny_text, tiny_corpus, tiny_graph, tmp_path):
    run = pretrain(tiny_text, tiny_corpus, tiny_graph, config=CONFIG, out=tmp_path)
    text = TextEncoder.load(tmp_path / "model")
    assert text.fingerprint == run.text.fingerprint
    head = WordHead.load(tmp_path / "head", text)
    assert all(torch.equal(x, run.head.state_dict()[k]) for k, x in head.state_dict().items())
    assert [line["step"] for line in figures(tmp_path, "loss_mask")] == [2, 4, 6, 8, 10, 12]
    assert [line["step"] for line in figures(tmp_path, "loss_triple")] == [6, 8, 10, 12]
    assert not [p for p in tmp_path.rglob("*") if p.suffix in (".pt", ".pth", ".bin", ".pkl")]
    again = pretrain(tiny_text, tiny_corpus, tiny_graph, config=CONFIG, out=tmp_path)
    assert_same(run, again)
    assert again.metrics == run.metrics
    assert repr(PretrainRun.load(tmp_path)).startswith("PretrainRun('tiny', loss_mask")


def test_a_given_head_is_used_and_needs_no_steps_of_its_own(tiny_text, tiny_corpus, tiny_graph):
    head = WordHead(tiny_text)
    torch.nn.init.constant_(head.bias, 3.0)
    kept = {key: x.clone() for key, x in head.state_dict().items()}
    still = replace(CONFIG, learning_rate=0.0, head_learning_rate=0.0)
    run = pretrain(tiny_text, tiny_corpus, tiny_graph, head=head, config=still)
    assert run.metrics["steps"] == CONFIG.steps
    assert all(torch.equal(x, kept[k]) for k, x in run.head.state_dict().items())
    assert run.text.fingerprint == tiny_text.fingerprint


def test_without_masked_words_there_is_no_head(tiny_text, tiny_corpus, tiny_graph, tmp_path):
    only = {"triple": 1.0}
    run = pretrain(tiny_text, tiny_corpus, tiny_graph, objectives=only, config=CONFIG, out=tmp_path)
    assert run.head is None
    assert run.metrics["steps"] == CONFIG.steps
    assert PretrainRun.load(tmp_path).head is None


@pytest.mark.parametrize(
    ("objectives", "error", "message"),
    [
        ({}, ConfigError, "objectives must name at least one objective; it is empty"),
        ({"maks": 1.0}, ChoiceError, r"got 'maks'\. Did you mean 'mask'\?"),
        ({"mask": 0.0}, ConfigError, r"objectives\['mask'\] must be a weight above 0; got 0\.0"),
        ({"mask": float("nan")}, ConfigError, "must be a weight above 0; got nan"),
    ],
)
def test_bad_objectives_are_refused(tiny_text, tiny_corpus, tiny_graph, objectives, error, message):
    with pytest.raises(error, match=message):
        pretrain(tiny_text, tiny_corpus, tiny_graph, objectives=objectives, config=CONFIG)


def test_a_head_that_nothing_uses_is_refused(tiny_text, tiny_corpus, tiny_graph):
    head = WordHead(tiny_text)
    with pytest.raises(ConfigError, match="head must be None without the objective 'mask'"):
        pretrain(tiny_text, tiny_corpus, tiny_graph, objectives={"triple": 1.0}, head=head)


def test_another_run_in_the_folder_is_refused(tiny_text, tiny_corpus, tiny_graph, tmp_path):
    pretrain(tiny_text, tiny_corpus, tiny_graph, config=CONFIG, out=tmp_path)
    less = Corpus(tiny_corpus.documents[1:])
    with pytest.raises(ConfigError, match="it holds one with another corpus, seed"):
        pretrain(tiny_text, less, tiny_graph, config=CONFIG, out=tmp_path, seed=1)
    (tmp_path / "resolved.json").write_text("{")
    with pytest.raises(ArtifactError, match="must be the record of a pretraining run"):
        pretrain(tiny_text, tiny_corpus, tiny_graph, config=CONFIG, out=tmp_path)


def test_a_loss_that_is_no_number_stops_the_run(tiny_text, tiny_corpus, tiny_graph):
    tiny_text.model.embeddings.word_embeddings.weight.data[:] = float("nan")
    with pytest.raises(LichenError, match="the losses must stay numbers"):
        pretrain(tiny_text, tiny_corpus, tiny_graph, config=CONFIG)


def test_reporters_are_told_each_loss_and_refused_where_they_cannot_be_used(
    tiny_text, tiny_corpus, tiny_graph, tmp_path
):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    given = (tiny_text, tiny_corpus, tiny_graph)
    told = replace(CONFIG, report_to="tensorboard")
    with pytest.raises(ConfigError, match=r"^pretrain\.report_to must not be 'tensorboard'"):
        pretrain(*given, config=told)
    with pytest.raises(ChoiceError, match=r"^pretrain\.report_to must be one of"):
        pretrain(*given, config=replace(CONFIG, report_to="tensorbord"))
    run = pretrain(*given, config=told, out=tmp_path / "run")
    events = EventAccumulator(str(tmp_path / "run" / EVENTS))
    events.Reload()
    for name in ("loss_mask", "loss_triple"):
        assert events.Scalars(f"train/{name}")[-1].value == pytest.approx(run.metrics[name])


def test_what_is_of_another_kind_is_one_clear_line(tiny_text, tiny_corpus, tiny_graph):
    for more, said in (
        ({"objectives": ["mask"]}, "objectives must be of type Mapping; got list"),
        ({"config": {}}, "config must be of type PretrainConfig; got dict"),
        ({"seed": 1.5}, "seed must be a whole number"),
    ):
        with pytest.raises(ConfigError, match=said):
            pretrain(tiny_text, tiny_corpus, tiny_graph, **more)
