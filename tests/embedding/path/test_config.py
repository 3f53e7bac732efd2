"""Settings of a path model's training."""

import pytest

from lichen.base.errors import ConfigError
from lichen.embedding.path.config import PathConfig


def test_defaults_stand():
    assert PathConfig().learning_rate == 0.005


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("epochs", -1),
        ("epoch_facts", 0),
        ("batch_size", 0),
        ("learning_rate", -0.1),
        ("negatives", 0),
        ("temperature", 0.0),
        ("patience", 0),
        ("valid_limit", 0),
        ("seed", -1),
    ],
)
def test_values_out_of_bounds_are_named(key, value):
    with pytest.raises(ConfigError, match=rf"path\.{key} must be between .* got {value}"):
        PathConfig(**{key: value})
