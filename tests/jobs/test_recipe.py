import pytest

from lichen.base.config import to_toml
from lichen.base.errors import ChoiceError, ConfigError
from lichen.jobs.recipe import Recipe
from lichen.lm.text_encoder import TextEncoder


def test_a_recipe_is_read_from_its_folder_and_written_back(home):
    recipe = Recipe.load(home / "recipe.toml")
    assert recipe.data.corpus == str(home / "texts.jsonl")
    assert recipe.out == str(home / "runs/a")
    (home / "again.toml").write_text(to_toml(recipe))
    assert Recipe.load(home / "again.toml") == recipe


def test_a_language_model_may_lie_beside_the_recipe(home, toml):
    TextEncoder.load().save(home / "lm")
    (home / "recipe.toml").write_text(toml.replace("[model]", '[model]\ntext = "lm"'))
    assert Recipe.load(home / "recipe.toml").model.text == str(home / "lm")
    (home / "recipe.toml").write_text(toml.replace("[model]", '[model]\ntext = "bert"'))
    assert Recipe.load(home / "recipe.toml").model.text == "bert"


@pytest.mark.parametrize(
    ("given", "key"), [("texts.jsonl", "data.corpus"), ("facts.tsv", "data.graph")]
)
def test_a_file_that_is_not_there_is_told_with_recipe_and_key(home, toml, given, key):
    (home / "recipe.toml").write_text(toml.replace(given, f"no-{given}"))
    with pytest.raises(ConfigError) as caught:
        Recipe.load(home / "recipe.toml")
    assert str(caught.value) == (
        f"{home / 'recipe.toml'}: {key} must name a file or a folder, seen from the recipe's "
        f"folder; found nothing at {home / f'no-{given}'}. Check the path."
    )


@pytest.mark.parametrize(
    ("model", "objective", "said"),
    [
        ("", "mask = 0.5", "beside: the language model must be trained with the task"),
        ("lora = 2", "maks = 0.5", "Did you mean 'mask'"),
        ("lora = 2", "mask = 0.0", "objectives"),
    ],
)
def test_a_wrong_table_beside_is_refused_when_it_is_read(home, toml, model, objective, said):
    told = toml.replace("facts = 2\n", f"facts = 2\n{model}\n")
    (home / "recipe.toml").write_text(f"{told}[beside.objectives]\n{objective}\n")
    with pytest.raises((ChoiceError, ConfigError), match=said):
        Recipe.load(home / "recipe.toml")


def test_facts_to_complete_with_vectors_that_stay_name_recipe_and_key(home, toml):
    (home / "recipe.toml").write_text(toml.replace("facts = 2\n", "facts = 2\ntriple = 0.5\n"))
    with pytest.raises(ConfigError) as caught:
        Recipe.load(home / "recipe.toml")
    assert str(caught.value) == (
        f"{home / 'recipe.toml'}: model.triple, the weight of completing facts, must be 0 where "
        "entity vectors stay as they are; got 0.5. Set model.train_nodes = true, or leave it out."
    )
