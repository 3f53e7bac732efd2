"""Recipes that name more than one task and its labels."""

import json

import pytest
from typer.testing import CliRunner

from lichen.base.errors import ArtifactError, ConfigError, DataError
from lichen.cli.main import app
from lichen.jobs.recipe import MAIN, Recipe
from lichen.jobs.recipe_run import compare_recipe, train_recipe
from lichen.training.consistency import Consistency
from lichen.training.multitask import TasksRun
from lichen.training.run import Run
from lichen.training.teacher import Teacher


def rows_of(home):
    return [json.loads(line) for line in (home / "texts.jsonl").read_text().splitlines()]


@pytest.fixture
def short(toml):
    """Give the recipe with short training."""
    return toml.replace("epochs = 30", "epochs = 1").replace("= 6\n", "= 1\n")


@pytest.fixture
def write(home):
    """Give what writes a recipe and reads it back."""

    def written(text):
        (home / "recipe.toml").write_text(text)
        return Recipe.load(home / "recipe.toml")

    return written


def tag_cities(home, name="cities.jsonl"):
    """Write the texts with the places of their cities, for another task."""
    with (home / name).open("w") as file:
        for row in rows_of(home):
            city = row["text"].split()[-1].rstrip(".")
            start = row["text"].index(city)
            spans = [{"start": start, "end": start + len(city), "label": "city"}]
            row.pop("label")
            file.write(json.dumps({**row, "spans": spans}) + "\n")


def test_texts_and_a_teacher_join_the_task(home, short, write):
    teacher = train_recipe(write(short.replace("runs/a", "runs/big")))
    rows = rows_of(home)
    for row in rows[::3]:
        if row["split"] == "train":
            row.pop("label")
    (home / "few.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    (home / "more.jsonl").write_text(json.dumps({"text": "Kerry is a town of bridges."}) + "\n")
    more = '[consistency]\ntexts = "more.jsonl"\nbatch_size = 1\n[teacher]\nfolder = "runs/big"\n'
    recipe = write(short.replace("texts.jsonl", "few.jsonl") + more + "temperature = 3.0\n")
    assert recipe.teacher.folder == str(home / "runs/big")
    run = train_recipe(recipe)
    agreed, taught = Run.load(home / "runs/a").beside
    assert isinstance(agreed, Consistency)
    assert [doc.text for doc in agreed.texts] == ["Kerry is a town of bridges."]
    assert agreed.texts[0].mentions
    assert isinstance(taught, Teacher)
    assert (taught.temperature, taught.weight) == (3.0, 0.7)
    assert run.beside[1].model.out == teacher.out  # a run, whose twins can be trained
    assert train_recipe(recipe).metrics == run.metrics
    with pytest.raises(ConfigError, match="another teacher"):
        train_recipe(write((home / "recipe.toml").read_text() + "weight = 0.5\n"))


def test_further_tasks_are_learned_with_the_recipes_own(home, short, write):
    tag_cities(home)
    more = '[tasks.cities]\ncorpus = "cities.jsonl"\ntask = "tag"\nweight = 0.5\n'
    recipe = write(short + more + "[tasks.cities.consistency]\nbatch_size = 4\n")
    run = train_recipe(recipe)
    assert isinstance(run, TasksRun)
    assert list(run.models) == [MAIN, "cities"]
    assert run.weights == {MAIN: 1.0, "cities": 0.5}
    assert run.models["cities"].config.task == "tag"
    assert run.models["cities"].fusion is run.models[MAIN].fusion
    assert [one.task for one in run.beside] == ["cities"]
    assert "valid_document_f1" in run.metrics["cities"]
    done = CliRunner().invoke(app, ["train", str(home / "recipe.toml"), "--json"])
    shown = json.loads(done.stdout)
    assert shown["cities: loss"] == run.metrics["cities"]["loss"]
    assert shown["main: valid_accuracy"] == run.metrics[MAIN]["valid_accuracy"]
    with pytest.raises(ConfigError, match="another weights"):
        train_recipe(write((home / "recipe.toml").read_text().replace("= 0.5", "= 0.25")))


@pytest.mark.usefixtures("never_trained")
def test_what_cannot_be_is_refused_before_anything_is_embedded(home, short, write):
    tag_cities(home)
    other = '[tasks.cities]\ncorpus = "cities.jsonl"\ntask = "tag"\n'
    (home / "unlinked.jsonl").write_text(json.dumps({"text": "Nothing is told."}) + "\n")
    (home / "empty").mkdir()
    for more, error, match in (
        (other.replace("tag", "classify"), DataError, r"cities\.jsonl: .* key 'label'"),
        (other.replace("cities]", "main]"), ConfigError, "must not be called 'main'"),
        (f"{other}weight = 0.0\n", ConfigError, "weight"),
        (f"{other}[consistency]\nhide = 2.0\n", ConfigError, r"consistency\.hide"),
        ("[consistency]\ntexts = 'unlinked.jsonl'\n", DataError, "linked to an entity"),
        ("[teacher]\nfolder = 'empty'\n", ArtifactError, "empty"),
        ("[teacher]\nfolder = 'empty'\nweight = 2.0\n", ConfigError, r"teacher\.weight must be"),
        (other.replace("cities]", '"my cities"]'), ConfigError, "tasks: a name must be of letters"),
        ("[teacher]\nfolder = 'none'\n", ConfigError, r"teacher\.folder must name"),
        (other.replace("cities.j", "city.j"), ConfigError, r"tasks\.cities\.corpus must name"),
    ):
        with pytest.raises(error, match=match):
            train_recipe(write(short + more))
    with pytest.raises(ConfigError, match="tasks must be left out where fusions are compared"):
        compare_recipe(write(short + other))
    with pytest.raises(ConfigError, match=r"must divide consistency\.batch_size .*\(3\); got 2"):
        train_recipe(write(f"{short}[consistency]\nbatch_size = 3\n"), processes=2)
