import pytest

from lichen.base.errors import ConfigError
from lichen.training.config import TrainConfig


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"epochs": 0}, "train.epochs"),
        ({"batch_size": -1}, "train.batch_size"),
        ({"learning_rate": float("nan")}, "train.learning_rate"),
        ({"accumulate": 0}, "train.accumulate"),
        ({"warmup": 1.5}, "train.warmup"),
    ],
)
def test_values_out_of_bounds_name_their_key(wrong, key):
    with pytest.raises(ConfigError, match=key.replace(".", r"\.")):
        TrainConfig(**wrong)
