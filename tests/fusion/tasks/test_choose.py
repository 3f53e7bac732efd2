import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError, ShapeError
from lichen.data.corpus import Corpus, Document
from lichen.data.vocabulary import Vocabulary
from lichen.fusion import FUSIONS
from lichen.fusion.model import FusedModel
from lichen.fusion.tasks.choose import log_shares
from lichen.fusion.tasks.task import make_task
from lichen.jobs.uplift import uplift
from lichen.training.config import TrainConfig
from lichen.training.loop import train
from lichen.training.predict import predict
from lichen.training.run import Run

LABELS = Vocabulary(["right", "wrong"])
CONFIG = TrainConfig(epochs=3, batch_size=16)


@pytest.fixture(scope="module")
def asked(world):
    """Give the claims of the world as questions: which of two lands does a city lie in."""
    docs = []
    for doc in world[2]:
        city, _land, number = doc.id.split("-")
        label = "right" if doc.label == "true" else "wrong"
        docs.append(replace(doc, label=label, meta={"question": f"{city}-{number}"}))
    rows = np.random.default_rng(0).permutation(len(docs))  # choices need not stand together
    return Corpus(tuple(docs[i] for i in rows))


def model_of(world, graph, fusion="gate", **more):
    text, nodes, _ = world
    settings = {"graph": graph, "group": "question", "hidden": 16, **more}
    return FusedModel(text, nodes, fusion=fusion, task="choose", **settings)


def slow_loss(scores, groups, rights):
    losses = []
    for group in set(groups):
        mine = [i for i, other in enumerate(groups) if other == group]
        total = sum(math.exp(scores[i]) for i in mine)
        losses += [-math.log(math.exp(scores[i]) / total) for i in mine if rights[i]]
    return sum(losses) / len(losses)


def test_the_loss_is_a_softmax_over_the_choices_of_each_question():
    asked = make_task("choose", labels=LABELS, group="question")
    groups = [0, 1, 0, 1, 1, 2]
    labels = torch.tensor([0, 1, 1, 1, 0, 0])
    scores = torch.randn(6, 1, generator=torch.Generator().manual_seed(0))
    loss = asked.loss(scores, {"labels": labels, "groups": torch.tensor(groups)})
    assert float(loss) == pytest.approx(slow_loss(scores[:, 0].tolist(), groups, labels == 0))
    moved = scores + torch.tensor([[5.0], [-3.0], [5.0], [-3.0], [-3.0], [9.0]])
    assert float(asked.loss(moved, {"labels": labels, "groups": torch.tensor(groups)})) == (
        pytest.approx(float(loss), rel=1e-5)
    )
    with pytest.raises(ShapeError, match="one right choice each; got 2 right choices of 3"):
        asked.loss(
            scores, {"labels": torch.tensor([0, 1, 1, 1, 1, 0]), "groups": torch.tensor(groups)}
        )


def test_large_scores_stay_numbers_and_have_gradients():
    scores = torch.tensor([900.0, 880.0, -900.0], requires_grad=True)
    shares = log_shares(scores, torch.tensor([0, 0, 1]))
    assert torch.allclose(shares.exp(), torch.tensor([1.0, 0.0, 1.0]), atol=1e-6)
    shares[1].backward()
    assert torch.allclose(scores.grad, torch.tensor([-1.0, 1.0, 0.0]), atol=1e-6)


@pytest.mark.parametrize("fusion", sorted(FUSIONS))
def test_every_fusion_learns_to_choose(world, world_graph, asked, fusion):
    model = model_of(world, world_graph, fusion)
    train(model, asked.train, valid=asked.test, config=CONFIG)
    samples = asked.test.samples(model.labels)
    chances = predict(model, samples)
    assert chances.shape == (len(samples), 2)
    sums = {}
    for sample, row in zip(samples, chances, strict=True):
        name = sample.meta["question"]
        sums[name] = sums.get(name, 0.0) + row[model.labels.id("right")]
    assert np.allclose(list(sums.values()), 1.0, atol=1e-5)
    assert len(model.task.judge(chances, samples)) == len(sums)


def test_choosing_learns_what_the_graph_knows(world, world_graph, asked):
    config = TrainConfig(epochs=25, batch_size=32, learning_rate=5e-3)
    run = train(model_of(world, world_graph, "add"), asked.train, valid=asked.test, config=config)
    assert run.metrics["valid_accuracy"] > 0.8


def test_batches_hold_whole_questions_and_as_many_samples(world, world_graph, asked):
    model = model_of(world, world_graph, labels=LABELS)
    batcher = model.batcher()
    items = batcher.items(asked.train.samples(LABELS))
    bundles = model.task.bundles(items)
    assert sum(map(len, bundles)) == len(items)
    assert all(len({item.group for item in bundle}) == 1 for bundle in bundles)
    batch = batcher.collate([item for bundle in bundles[:3] for item in bundle])
    assert batch["groups"].tolist() == [i for i in range(3) for _ in bundles[i]]
    run = train(model, asked.train, config=CONFIG)
    questions = len(bundles)
    assert run.metrics["steps"] == CONFIG.epochs * math.ceil(questions / (CONFIG.batch_size // 2))


def test_a_run_is_saved_and_read_back(world, world_graph, asked, tmp_path):
    out = tmp_path / "run"
    run = train(model_of(world, world_graph), asked.train, out=out, config=CONFIG)
    again = Run.load(out)
    assert (again.model.config.task, again.model.config.group) == ("choose", "question")
    samples = asked.test.samples(LABELS)
    assert np.array_equal(predict(run, samples), predict(again, samples))
    same = train(model_of(world, world_graph), asked.train, out=out, config=CONFIG)
    assert same.metrics == again.metrics
    other = tuple(replace(d, meta={"question": d.meta["question"] + "x"}) for d in asked.train)
    with pytest.raises(ConfigError, match="another data"):
        train(model_of(world, world_graph), Corpus(other), out=out, config=CONFIG)


def test_uplift_counts_questions(world, world_graph, asked):
    run = train(model_of(world, world_graph), asked.train, config=CONFIG)
    found = uplift(run, asked.test, twins=("none",))
    assert found.comparisons[0].num_examples == len({d.meta["question"] for d in asked.test})


def test_bad_groups_are_one_clear_line(world, world_graph):
    def choices(*labels, question="q"):
        meta = {"question": question} if question else {}
        return tuple(
            Document(id=f"{question}{i}", text="c1 lies in l1", label=x, meta=meta)
            for i, x in enumerate(labels)
        )

    good = choices("right", "wrong", question="good")
    for docs, words in (
        ((*good, *choices("wrong", "wrong")), r"question 'q' \(meta 'question'\).* got 0 of 2"),
        ((*good, *choices("right", "right")), "exactly one document labelled 'right'; got 2 of 2"),
        ((*good, *choices("right", "maybe")), "'right' or one other label"),
        (
            (*good, *choices("right", question="")),
            "document '0': meta must have the key 'question'",
        ),
    ):
        with pytest.raises(DataError, match=words):
            train(model_of(world, world_graph), Corpus(docs), config=CONFIG)
    with pytest.raises(DataError, match="must lie in one split"):
        train(model_of(world, world_graph), Corpus(good), valid=Corpus(good), config=CONFIG)
    with pytest.raises(ConfigError, match="group must name the key of meta"):
        model_of(world, world_graph, group=None)
