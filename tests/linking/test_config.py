"""Settings are refused before a run, by their key."""

from __future__ import annotations

import pytest

from lichen.base.errors import ConfigError
from lichen.linking import LinkConfig


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("candidates", 0),
        ("min_probability", 1.5),
        ("min_similarity", -0.1),
        ("context_chars", 0),
        ("vector_candidates", -1),
        ("min_cosine", float("nan")),
    ],
)
def test_values_that_cannot_work(key, value):
    with pytest.raises(ConfigError, match=f"link.{key} must be between"):
        LinkConfig(**{key: value})


def test_it_cannot_be_changed():
    with pytest.raises(AttributeError):
        LinkConfig().candidates = 3
