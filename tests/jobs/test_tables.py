import pytest

from lichen.base.errors import ChoiceError, ConfigError
from lichen.jobs.tables import CompareRecipe, ModelRecipe, PretrainRecipe
from lichen.training.joint import PretrainConfig


@pytest.mark.parametrize(
    ("key", "name", "near"),
    [
        ("fusion", "neighbour", "neighbours"),
        ("task", "chose", "choose"),
        ("head", "pool", "pooled"),
        ("select", "pagerang", "pagerank"),
    ],
)
def test_a_name_in_the_table_model_that_is_none_is_refused(key, name, near):
    with pytest.raises(ChoiceError, match=rf"model\.{key} must be one of .* Did you mean '{near}'"):
        ModelRecipe(**{key: name})


def test_the_fusions_to_compare_are_some_each_once():
    with pytest.raises(ChoiceError, match=r"compare\.fusions must be one of"):
        CompareRecipe(fusions=("none",))
    for wrong in ((), ("add", "add")):
        with pytest.raises(ConfigError) as caught:
            CompareRecipe(fusions=wrong)
        said = str(caught.value)
        assert said.startswith("compare.fusions must be some of adapter, add, ")
        assert said.endswith(f", each once; got {list(wrong)}. Name one or more.")


@pytest.mark.parametrize("wrong", [(), ("none", "none"), ("fused",)])
def test_the_twins_to_compare_are_some_each_once(wrong):
    with pytest.raises(ConfigError, match=r"compare\.twins must be some of 'none', 'shuffled' and"):
        CompareRecipe(twins=wrong)


@pytest.mark.parametrize("wrong", [(0, 1), (0, 1, 1)])
def test_the_seeds_to_compare_are_three_or_more(wrong):
    with pytest.raises(ConfigError, match=r"compare\.seeds must be at least 3 different numbers"):
        CompareRecipe(seeds=wrong)


def test_settings_of_a_table_are_those_of_what_it_makes():
    told = ModelRecipe(fusion="add", facts=3).settings()
    assert told["facts"] == 3
    assert not {"fusion", "text"} & set(told)
    assert PretrainRecipe(steps=7).config() == PretrainConfig(steps=7)
