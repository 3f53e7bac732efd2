"""What the tests of the jobs share: a recipe in its folder, systems with made-up figures."""

import json

import pytest

from lichen.evaluation.paired import Interval
from lichen.jobs.worth import System

RECIPE = """
out = "runs/a"
[data]
corpus = "texts.jsonl"
graph = "facts.tsv"
[nodes]
dim = 16
[embed]
epochs = 30
[model]
fusion = "neighbours"
head = "pooled"
mentions = 2
facts = 2
[train]
epochs = 6
learning_rate = 5e-3
[compare]
fusions = ["add", "neighbours"]
twins = ["none", "shuffled"]
"""
PRETRAIN = """
[pretrain]
head_steps = 2
steps = 3
batch_size = 4
max_tokens = 16
objectives = {mask = 1.0, fact = 0.5}
"""


@pytest.fixture
def toml():
    """Give a recipe."""
    return RECIPE


@pytest.fixture
def pretraining():
    """Give a table for a recipe that pretrains on its texts."""
    return PRETRAIN


@pytest.fixture
def home(tmp_path):
    """Give the folder of that recipe, with what it names."""
    lands = {"Redland": ("Norton", "Keston", "Solby"), "Blueland": ("Velton", "Tamby", "Kerry")}
    rows = [f"{city}\tin\t{land}" for land, cities in lands.items() for city in cities]
    (tmp_path / "facts.tsv").write_text("\n".join(rows) + "\n")
    with (tmp_path / "texts.jsonl").open("w") as file:
        for i in range(36):
            land = sorted(lands)[i % 2]
            split = ("train", "train", "valid", "test")[i // 2 % 4]
            city = lands[land][2 if split == "test" else i % 3 % 2]
            text = f"The fair number {i} was held in {city}."
            file.write(json.dumps({"text": text, "label": land, "split": split}) + "\n")
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path


@pytest.fixture
def never_trained(monkeypatch):
    """Fail where anything is trained."""
    for place in ("ready.train", "ready.pretrain", "recipe_run.train"):
        monkeypatch.setattr(f"lichen.jobs.{place}", lambda *_, **__: pytest.fail("trained"))


@pytest.fixture
def system():
    def make(name, *accuracy):
        mean = sum(accuracy) / len(accuracy)
        return System(
            name=name,
            accuracy=accuracy,
            interval=Interval(mean, mean - 0.02, mean + 0.02),
            macro_f1=accuracy,
            calibration_error=(0.05,) * len(accuracy),
            reliability=((0.6, 0.5), (0.9, 0.95)),
            num_parameters=23_000_000,
            num_trained=400_000,
            train_s=12.0,
            predict_s=1.5,
        )

    return make
