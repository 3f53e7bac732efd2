"""`lichen train`."""

import json

import pytest
from typer.testing import CliRunner

import lichen as li
from lichen.base.errors import ConfigError, DataError
from lichen.cli.main import app


def test_links_trains_and_writes_a_run(finished):
    run = li.Run.load(finished)
    assert run.metrics["valid_accuracy"] > 0.8
    assert run.model.labels.labels == ("Blueland", "Greenland", "Redland")


RECIPE = """
out = "{out}"
[data]
corpus = "texts.csv"
graph = "facts.tsv"
[nodes]
folder = "nodes"
[model]
fusion = "gate"
[train]
epochs = 2
[compare]
twins = ["none", "shuffled"]
"""


@pytest.mark.usefixtures("nodes")
def test_a_recipe_trains_and_is_compared(project, lichen):
    path = project / "recipe.toml"
    path.write_text(RECIPE.format(out="by-recipe"))
    said = json.loads(lichen("train", path, "--json"))
    assert said["out"] == str(project / "by-recipe")
    assert li.Run.load(project / "by-recipe").config.epochs == 2
    page = project / "fusions.html"
    found = json.loads(lichen("uplift", path, "--fusions", "add,gate", "--html", page, "--json"))
    assert {s["fusion"] for s in found["standings"]} == {"add", "gate"}
    assert set(found["standings"][0]["gains"]) == {"none", "shuffled"}
    assert "<svg" in page.read_text()


def test_a_corpus_needs_a_graph(project):
    done = CliRunner().invoke(app, ["train", str(project / "texts.csv")])
    assert isinstance(done.exception, ConfigError)
    assert "--graph must be given" in str(done.exception)
    done = CliRunner().invoke(app, ["uplift", str(project / "run")])
    assert "CORPUS and --graph must be given" in str(done.exception)


def test_what_a_recipe_says_itself_is_not_left_unread(project):
    path = project / "said.toml"
    path.write_text(RECIPE.format(out="said"))
    for words in (["train", path, "--fusion", "add"], ["uplift", path, "--seeds", "5"]):
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert isinstance(done.exception, ConfigError)
        assert f"{words[2]} must not stand beside a recipe" in str(done.exception)
    done = CliRunner().invoke(app, ["uplift", str(project / "run"), "--fusions", "all"])
    assert "--fusions must stand beside a recipe" in str(done.exception)


def test_a_label_column_of_another_name_is_told(project, nodes, tmp_path):
    texts = tmp_path / "texts.csv"
    texts.write_text((project / "texts.csv").read_text().replace("label", "lable"))
    words = [texts, "--graph", project / "facts.tsv", "--nodes", nodes, "--out", tmp_path / "run"]
    done = CliRunner().invoke(app, ["train", *map(str, words)])
    assert isinstance(done.exception, DataError)
    assert str(done.exception).startswith(f"{texts}: the documents of the split 'train' must have")
    assert "their other columns are: 'lable'. Name the right one 'label'." in str(done.exception)


def test_a_label_that_no_training_text_has_is_refused(project, nodes, tmp_path):
    texts = tmp_path / "texts.csv"
    texts.write_text(
        (project / "texts.csv").read_text() + "90,A fair was held in Norton.,Greyland,test\n"
    )
    words = [texts, "--graph", project / "facts.tsv", "--nodes", nodes, "--out", tmp_path / "run"]
    done = CliRunner().invoke(app, ["train", *map(str, words)])
    assert isinstance(done.exception, DataError)
    assert "label 'Greyland': must occur in the split 'train'" in str(done.exception)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("verb", ["train", "uplift", "link"])
def test_mentions_are_looked_up_by_label_in_the_graph(project, nodes, finished, tmp_path, verb):
    texts = tmp_path / "texts.jsonl"
    mention = {"start": 0, "end": 6, "entity": "Nortn"}
    texts.write_text(json.dumps({"text": "Norton", "split": "test", "mentions": [mention]}))
    words = {
        "train": [texts, "--nodes", nodes, "--out", tmp_path / "run"],
        "uplift": [finished, texts],
        "link": [texts, "--out", tmp_path / "linked.jsonl"],
    }[verb]
    done = CliRunner().invoke(app, [verb, *map(str, words), "--graph", str(project / "facts.tsv")])
    assert isinstance(done.exception, DataError)
    assert f"{texts}:1: entity must be one of the 18 known; got 'Nortn'. Did you mean" in str(
        done.exception
    )
