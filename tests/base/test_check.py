import math
from dataclasses import fields

import pytest

from lichen.alignment.entities import AlignConfig
from lichen.apps.recommend_factors import FactorConfig
from lichen.base.check import between, kind, truth, weights, whole
from lichen.base.errors import ConfigError
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.distil import DistilConfig
from lichen.embedding.path.config import PathConfig
from lichen.linking.config import LinkConfig
from lichen.linking.senses import SenseConfig
from lichen.reasoning.fit import FitConfig
from lichen.training.config import TrainConfig
from lichen.training.joint import PretrainConfig

CONFIGS = (
    AlignConfig,
    DistilConfig,
    EmbeddingConfig,
    FactorConfig,
    LinkConfig,
    FitConfig,
    PathConfig,
    PretrainConfig,
    SenseConfig,
    TrainConfig,
)


@pytest.mark.parametrize("value", [0, 1, 0.5, 1.0])
def test_inside(value):
    between("x", value, 0, 1)


@pytest.mark.parametrize("value", [-1, 1.1, math.nan, math.inf, "1", None, True])
def test_outside(value):
    with pytest.raises(ConfigError, match="x must be between 0 and 1; got"):
        between("x", value, 0, 1)


@pytest.mark.parametrize("value", [0, 1, 7])
def test_whole_inside(value):
    whole("x", value, 0, 7)


@pytest.mark.parametrize("value", [2.5, 2.0, math.nan, math.inf, "1", None, True])
def test_not_whole(value):
    with pytest.raises(ConfigError) as told:
        whole("x", value, 0, 7)
    assert str(told.value) == f"x must be a whole number from 0 to 7; got {value!r}."


@pytest.mark.parametrize("value", [-1, 8])
def test_whole_outside(value):
    with pytest.raises(ConfigError, match=f"x must be between 0 and 7; got {value}"):
        whole("x", value, 0, 7)


@pytest.mark.parametrize("value", ["no", 0, 1, None])
def test_neither_true_nor_false(value):
    with pytest.raises(ConfigError, match="x must be true or false; got"):
        truth("x", value)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.__name__)
def test_no_setting_takes_half_of_what_is_counted(config):
    counts = [f for f in fields(config) if f.type == "int"]
    assert counts
    for count in counts:
        with pytest.raises(
            ConfigError, match=rf"{count.name} must be a whole number from .*\.5\.$"
        ):
            config(**{count.name: count.default + 0.5})


def test_another_type_is_told_by_name():
    kind("config", TrainConfig(), TrainConfig, fix="Pass one.")
    with pytest.raises(ConfigError, match=r"^config must be of type TrainConfig; got dict\. Pass"):
        kind("config", {}, TrainConfig, fix="Pass one.")
    with pytest.raises(ConfigError, match=r"^objectives must be of type Mapping; got list\."):
        weights("objectives", ["mask"], what="an objective")
