import pytest

from lichen.base.errors import ChoiceError, ConfigError
from lichen.embedding.config import EmbeddingConfig


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("epochs", -1),
        ("batch_size", 0),
        ("learning_rate", float("nan")),
        ("last_rate", 1.5),
        ("negatives", 0),
        ("degree_power", -1.0),
        ("n3", -0.1),
        ("max_norm", -1.0),
        ("valid_every", 0),
        ("patience", 0),
        ("valid_limit", 0),
        ("seed", -1),
    ],
)
def test_bad_values_stop_at_once_with_their_key(key, value):
    with pytest.raises(ConfigError, match=rf"embed\.{key} must be between"):
        EmbeddingConfig(**{key: value})


@pytest.mark.parametrize("value", ["no", 0, None])
def test_what_is_neither_true_nor_false_is_refused(value):
    with pytest.raises(ConfigError) as told:
        EmbeddingConfig(hide_known=value)
    assert str(told.value) == f"embed.hide_known must be true or false; got {value!r}."


def test_bad_choice_names_the_nearest():
    with pytest.raises(ChoiceError, match=r"embed\.candidates .*Did you mean 'sampled'"):
        EmbeddingConfig(candidates="sample")


def test_a_pool_needs_the_softmax():
    with pytest.raises(ConfigError, match="loss must be softmax for the candidates pool; got bin"):
        EmbeddingConfig(candidates="pool", loss="binary")
