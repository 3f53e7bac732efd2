"""The fusion benchmarks: their programs on a made-up world, what is measured again, what stays."""

import copy
import importlib
import json
import math
import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import lichen as li
from lichen.training.config import TrainConfig

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "benchmarks" / "fusion"
KEPT = ROOT / "benchmarks" / "rows"
NAMES = {path.stem for path in FOLDER.glob("*.py")} | {"runs", "embedding", "embedding.runs"}
ONCE = TrainConfig(epochs=1, batch_size=16)


def forget():
    for name in [x for x in sys.modules if x in NAMES or x.split(".")[0] == "tasks"]:
        del sys.modules[name]


@pytest.fixture
def program(monkeypatch, tmp_path):
    """Give a benchmark's program by name, writing its rows into a folder of the test."""
    monkeypatch.syspath_prepend(str(FOLDER))
    forget()  # as scripts do, they go by short names
    figures = importlib.import_module("figures")
    for module in (figures, sys.modules["embedding.runs"]):
        monkeypatch.setattr(module, "ROWS", tmp_path)
    monkeypatch.setattr(figures, "RUNS", tmp_path / "runs")
    yield importlib.import_module
    forget()


@pytest.fixture
def run(program, monkeypatch):
    """Give what runs a program, some of its constants exchanged, as from the command line."""

    def run_program(name, *arguments, **constants):
        module = program(name)
        for key, value in constants.items():
            monkeypatch.setattr(module, key, value)
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
        module.main()

    return run_program


@pytest.fixture
def small_world(world, monkeypatch):
    """Give a few claims about the made-up world; the language model is a tiny one."""
    text, nodes, corpus = world
    monkeypatch.setattr(li.TextEncoder, "load", lambda **_: text)
    docs = [*corpus.train[::5][:48], *corpus.test[::3][:24]]
    return nodes, li.Corpus(tuple(replace(doc, meta={"fact": doc.id}) for doc in docs))


@pytest.fixture
def task(program, small_world, world_graph, monkeypatch):
    """Give the claims as the task "umls" of the programs that read `texts`."""
    nodes, corpus = small_world
    texts = program("texts")
    made = texts.Task(name="world", corpus=corpus, graph=world_graph, nodes=nodes, mentions=2)
    monkeypatch.setitem(texts.TASKS, "umls", lambda: made)
    return made


@pytest.fixture
def bench(program, small_world, world_graph, tmp_path, monkeypatch):
    """Give the bench with the claims as its task "umls"."""
    module = program("bench")
    made = program("tasks").Task(
        name="umls", corpus=small_world[1], graph=world_graph, note="made up"
    )
    setting = module.Setting(epochs=1, mentions=2, facts=2, dim=8, embed={"epochs": 1})
    monkeypatch.setitem(module.TASKS, "umls", lambda **_: made)
    monkeypatch.setitem(module.SETTINGS, "umls", setting)
    monkeypatch.setattr(module, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(module, "ROWS", tmp_path)
    return module


def read_rows(path, *, most=1.0):
    """Return the rows of a file after a look at what all have: names, means, intervals."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    for row in rows:
        assert math.isfinite(row["mean"])
        assert -most <= row["mean"] <= most
        low, high = row["interval"] or (-most, most)
        assert low <= row["mean"] <= high
    named = {(row["benchmark"], row["metric"]) for row in rows}
    assert len(named) == len(rows)
    assert all(all(names) for names in named)
    return rows


def metrics(rows, start):
    """Return the rest of the metrics that start so."""
    return [row["metric"].removeprefix(start) for row in rows if row["metric"].startswith(start)]


@pytest.mark.usefixtures("task")
def test_facts_beside_labels_are_compared_with_labels_alone(program, run, tmp_path):
    run("beside", CONFIG=replace(program("beside").CONFIG, epochs=1), SEEDS=(0,))
    rows = read_rows(tmp_path / "beside-umls.json")
    assert metrics(rows, "accuracy, ") == list(program("beside").KINDS)
    assert len(rows) == 4 + 3


def test_a_student_is_compared_with_its_teacher(program, run, task, tmp_path, monkeypatch):
    module = program("distillation")
    long = TrainConfig(epochs=40, batch_size=16, learning_rate=3e-3)
    setting = replace(module.SETTINGS["umls"], teacher=long, student=ONCE, hidden=16)
    monkeypatch.setitem(module.SETTINGS, "umls", setting)
    unlabelled = [replace(doc, label=None, split=None) for doc in task.corpus.test]
    monkeypatch.setitem(module.MORE, "umls", lambda _: li.Corpus(tuple(unlabelled)))
    run("distillation", "--tasks", "umls", SEEDS=(0,))
    rows = read_rows(tmp_path / "distillation-umls.json", most=math.inf)
    assert metrics(rows, "accuracy, ") == ["fused", "student", "none", "student of none"]
    assert rows[0]["mean"] > rows[2]["mean"]  # else there is no uplift to keep a share of


@pytest.mark.usefixtures("task")
def test_ensembles_are_compared_with_their_best_member(run, tmp_path):
    sizes = {"bagging": {"rounds": 1}, "boosting": {"rounds": 1}, "stacking": {"folds": 2}}
    quick = {"SIZES": sizes, "CONFIG": ONCE, "LEAST_STEPS": 1, "SEEDS": (0,)}
    run("ensembles", "--tasks", "umls", **quick)
    rows = read_rows(tmp_path / "ensembles-umls.json")
    assert metrics(rows, "accuracy, ") == ["fused", "text", "graph", *sizes]
    assert len(rows) == 6 + 3


@pytest.mark.usefixtures("task")
def test_ways_with_few_labels_are_compared_with_plain_training(run, tmp_path, monkeypatch):
    text = copy.deepcopy(li.TextEncoder.load())
    text.tokenizer.mask_token = text.tokenizer.unk_token  # the tiny one has none
    monkeypatch.setattr(li.TextEncoder, "load", lambda **_: text)
    quick = {"CONFIG": ONCE, "LEAST_STEPS": 1, "SEEDS": (0,), "SHARES": (0.5,), "ROUNDS": 1}
    quick["LOOKS"] = 1
    quick["ADAPTATION"] = li.PretrainConfig(head_steps=1, steps=1, batch_size=8)
    run("few_labels", "--tasks", "umls", **quick, STRATEGIES=("random", "margin"))
    rows = read_rows(tmp_path / "few-labels-umls.json")
    ways = ["masked words", "self-training", "consistency", "active, random", "active, margin"]
    assert metrics(rows, "accuracy, ") == ["plain", *ways]
    assert len(rows) == 6 + 5 + 1


@pytest.mark.usefixtures("small_world")
def test_a_fusion_costs_some_times_the_model_without_knowledge(run, tmp_path):
    run("cost", "--fusions", "gate", "--repetitions", "2", BATCH=4, BATCHES=2)
    rows = read_rows(tmp_path / "fusion-cost.json", most=1000)
    assert [row["benchmark"] for row in rows] == [
        "cost of inference, gate",
        "cost of a training step, gate",
    ]
    assert all(0 < low <= high for low, high in (row["interval"] for row in rows))


@pytest.mark.usefixtures("bench")
def test_the_bench_writes_a_standing_beside_every_twin(run, tmp_path):
    run("bench", "--tasks", "umls", "--fusions", "gate")
    row = json.loads((tmp_path / "umls.json").read_text(encoding="utf-8"))
    (standing,) = row["standings"]
    assert standing["fusion"] == "gate"
    assert standing["gains"].keys() == {"none", "shuffled", "count"}
    for gain in standing["gains"].values():
        assert -1 <= gain["low"] <= gain["mean"] <= gain["high"] <= 1
    assert len(row["none"]) == len(row["seeds"]) == 3


@pytest.mark.usefixtures("bench")
def test_the_language_model_is_trained_too_on_all_documents(run, tmp_path):
    run("full", "--tasks", "umls", BEST={"umls": ["gate"]}, CONFIG=ONCE)
    rows = read_rows(tmp_path / "fusion-full-umls.json")
    assert metrics(rows, "accuracy, ") == ["none", "gate"]
    assert len(metrics(rows, "gain of gate over ")) == 2
    assert "48 documents" in rows[0]["benchmark"]


@pytest.mark.usefixtures("bench")
def test_facts_chosen_from_two_steps_away_have_their_rows(run, tmp_path):
    run("selection", "--tasks", "umls", TASKS=("umls",), SELECTIONS=("pagerank",), HOPS=(2,))
    rows = read_rows(tmp_path / "fusion-selection-umls.json")
    assert metrics(rows, "accuracy, facts chosen by ") == ["pagerank, 2 steps away"]
    assert len(rows) == 2


@pytest.mark.usefixtures("bench")
def test_turns_taken_with_the_layers_have_their_rows(run, tmp_path):
    run("layers", "--tasks", "umls", TASKS=("umls",), ABOVE=1)
    rows = read_rows(tmp_path / "fusion-layers-umls.json")
    assert metrics(rows, "accuracy") == [""]
    assert len(metrics(rows, "gain over ")) == 3
    assert "from hidden layer 1" in rows[0]["benchmark"]


def test_rows_of_shares_that_are_not_asked_for_stay(program, tmp_path, monkeypatch):
    noise, asked = program("noise"), []

    def measured(share, fusions):
        assert fusions == list(noise.EVERY)
        asked.append(share)
        name = f"Atlas claims, {share:.0%} of the facts wrong"
        metric = "accuracy of gate less that without knowledge (0.5 less 0.4)"
        return [program("figures").row(name, metric, len(asked), None)]

    def means():
        rows = json.loads((tmp_path / "fusion-noise.json").read_text())
        return [row["mean"] for row in rows]

    monkeypatch.setattr(noise, "measure", measured)
    monkeypatch.setattr(sys, "argv", ["noise.py"])
    noise.main()
    assert asked == list(noise.SHARES)
    assert means() == [1, 2, 3, 4]
    monkeypatch.setattr(sys, "argv", ["noise.py", "--shares", str(noise.SHARES[1])])
    noise.main()
    assert means() == [1, 5, 3, 4]


@pytest.mark.parametrize("name", ["fusion-cost", "fusion-noise", "fusion-decoder", "fusion-folds"])
def test_every_row_of_a_file_that_is_renewed_tells_of_something_else(program, tmp_path, name):
    text = (KEPT / f"{name}.json").read_text(encoding="utf-8")
    (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    program("figures").renew(name, [])
    assert (tmp_path / f"{name}.json").read_text(encoding="utf-8") == text


def test_the_tasks_that_have_rows_are_those_of_one_benchmark(program, tmp_path):
    for name in ("ensembles-umls", "ensembles-claims", "few-labels-sst2", "ensembles"):
        (tmp_path / f"{name}.json").write_text("[]")
    assert program("figures").measured("ensembles") == ["claims", "umls"]


def test_a_row_without_the_seconds_of_reading_is_read_beside_one_with_them(program, tmp_path):
    bench = program("bench")
    row = json.loads((KEPT / "fusion" / "fewrel.json").read_text(encoding="utf-8"))
    for said in row["standings"]:
        said.pop("read_s", None)
    row["standings"][0]["read_s"] = 2.5
    (tmp_path / "fewrel.json").write_text(json.dumps(row))
    table = bench.FusionTable(
        standings=(), none=tuple(row["none"]), seeds=(0, 1, 2), num_examples=row["num_examples"]
    )
    found = bench.measured_before(tmp_path / "fewrel.json", table, bench.SETTINGS["fewrel"])
    assert [s.fusion for s in found] == [said["fusion"] for said in row["standings"]]
    assert [s.read_s for s in found] == [2.5] + [None] * (len(found) - 1)


def write_likes(folder):
    """Write who likes what: users of two tastes, items of two genres, some chance."""
    draw = random.Random(0)
    likes = [
        f"{user}\t{100 + item}\t{int((user % 2 == item % 2) != (draw.random() < 0.1))}\n"
        for user in range(30)
        for item in draw.sample(range(30), 20)
    ]
    folder.mkdir(parents=True)
    (folder / "ratings_final.txt").write_text("".join(likes), encoding="utf-8")
    facts = "".join(f"{100 + item}\tgenre\t{900 + item % 2}\n" for item in range(30))
    (folder / "kg.txt").write_text(facts, encoding="utf-8")


def test_recommendations_are_compared_with_and_without_the_graph(run, tmp_path, monkeypatch):
    write_likes(tmp_path / "data" / "rec_music")
    monkeypatch.setenv("LICHEN_DATA", str(tmp_path / "data"))
    run("recommendation", "--seeds", "0", "1", "2")
    rows = {
        (row["benchmark"], row["metric"]): row for row in read_rows(tmp_path / "rec_music.json")
    }
    assert rows["rec_music graph", "AUC"]["mean"] > 0.7


def test_a_small_embedding_is_compared_with_its_teacher(run, tmp_path, monkeypatch):
    facts = [f"{i}\tnext\t{(i + 1) % 30}\n{(i + 1) % 30}\tback\t{i}\n" for i in range(30)]
    folder = tmp_path / "data" / "kgc_small" / "umls"
    folder.mkdir(parents=True)
    for split, lines in (("train", facts), ("valid", facts[:3]), ("test", facts[3:9])):
        (folder / f"{split}.tsv").write_text("".join(lines), encoding="utf-8")
    monkeypatch.setenv("LICHEN_DATA", str(tmp_path / "data"))
    run("small_vectors", "--data", "umls")
    rows = read_rows(tmp_path / "distil-vectors-umls.json")
    assert len(rows) == 4
    assert rows[0]["mean"] > 0.9  # the teacher knows its facts


def asked_of(corpus):
    """Return claims as questions with two choices, in the form of CommonsenseQA's."""
    docs = []
    for i, doc in enumerate(corpus):
        (first, second), number = doc.mentions, f"q{i // 2}"
        land = second if doc.text[first.span.start] == "c" else first
        choice = doc.text[slice(*land.span)]
        start = len(doc.text) + len(" Answer: ")
        mention = li.Mention(li.Span(start, start + len(choice)), land.entity)
        docs.append(
            replace(
                doc,
                id=f"{number}-{i % 2}",
                text=f"{doc.text} Answer: {choice}",
                mentions=(*doc.mentions, mention),
                label="right" if i % 2 else "wrong",
                meta={"question": number},
            )
        )
    return [docs[i : i + 2] for i in range(0, len(docs), 2)]


def test_every_question_is_answered_by_models_of_other_folds(
    program, run, small_world, world_graph, tmp_path
):
    nodes, corpus = small_world
    module = program("folds")
    made = program("tasks").Task(name="csqa", corpus=corpus, graph=world_graph, note="made up")
    quick = {"FOLDS": 2, "RUNS": tmp_path / "runs", "load": lambda **_: made}
    quick["CONFIG"] = replace(module.CONFIG, epochs=1)
    quick["questions"] = lambda _: asked_of(corpus)
    quick["nodes_of"] = lambda *_: nodes
    run("folds", "--fusions", "attention", **quick)
    rows = read_rows(tmp_path / "fusion-folds.json")
    (asked,) = (row for row in rows if row["metric"] == "questions right, none")
    assert f"(n = {len(corpus) // 2})" in asked["benchmark"]
    assert len(metrics(rows, "gain of attention over ")) == 2


def test_fusions_of_two_language_models_stand_beside_each_other(
    program, run, small_world, world_graph, tmp_path
):
    nodes, corpus = small_world

    def contest(text, *, twins, **_sizes):
        return li.Contest(
            text=text, nodes=nodes, graph=world_graph, corpora=[corpus], twins=twins, config=ONCE,
            settings={"mentions": 2},
        )  # fmt: skip

    models = {"one": li.TextEncoder.load(), "two": li.TextEncoder.load()}
    quick = {"RUNS": tmp_path / "runs", "claims_contest": contest}
    run("decoder", "--fusions", "gate", language_models=lambda: models, **quick)
    rows = read_rows(tmp_path / "fusion-decoder.json")
    assert {row["benchmark"] for row in rows} == {f"Atlas claims, {n} frozen" for n in models}
    assert len(rows) == 2 * len(program("decoder").LESS)


def test_tasks_trained_together_are_compared_with_each_alone(
    program, run, small_world, world_graph, tmp_path, monkeypatch
):
    _nodes, corpus = small_world
    module = program("multitask")
    made = program("tasks").Task(name="one", corpus=corpus, graph=world_graph, note="made up")
    for name in ("one", "two"):
        monkeypatch.setitem(module.TASKS, name, lambda **_: made)
    quick = {"CONFIG": ONCE, "RUNS": tmp_path / "runs", "SEEDS": (0,), "lexicon": lambda _: made}
    quick["SETTINGS"] = {"language model frozen": {"lora": 0}}
    quick["EMBED"] = li.EmbeddingConfig(epochs=1)
    run("multitask", "--tasks", "one", "two", **quick)
    rows = read_rows(tmp_path / "multitask-sentiment.json")
    assert metrics(rows, "accuracy, ") == 2 * [module.TOGETHER, module.ALONE, module.NONE]
    assert len(rows) == 2 * 5


def test_relations_that_training_never_saw_come_in_episodes(
    program, run, small_world, world_graph, tmp_path
):
    nodes, corpus = small_world
    docs = [replace(doc, label=f"r{i % 4}") for i, doc in enumerate(corpus)]
    texts = program("texts")
    made = texts.Task(
        name="world", corpus=li.Corpus(tuple(docs)), graph=world_graph, nodes=nodes, mentions=2
    )
    quick = {"CONFIG": ONCE, "SEEDS": (0,), "WAYS": 2, "QUERIES": 2, "EPISODES": 20, "SHOTS": (1,)}
    run("episodes", fewrel=lambda **_: made, **quick)
    rows = read_rows(tmp_path / "fewrel-episodes.json")
    assert metrics(rows, "accuracy, ") == list(program("episodes").KINDS)
    assert len(rows) == 3 + 2
