import random
import sys
import types

import numpy as np
import pytest

from lichen.base.errors import ConfigError
from lichen.base.seeds import set_seed


def draw():
    own = set_seed(7)
    return random.random(), np.random.rand(), own.random()  # noqa: NPY002 - the global one is meant


def test_same_seed_same_numbers():
    assert draw() == draw()


def test_torch_is_seeded_only_when_loaded(monkeypatch):
    seen = []
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(manual_seed=seen.append))
    set_seed(5)
    assert seen == [5]


@pytest.mark.parametrize("seed", [-1, 1.5, 2**32, "1"])
def test_what_no_generator_takes_is_one_clear_line(seed):
    with pytest.raises(ConfigError, match=r"^seed must be .* 4294967295; got "):
        set_seed(seed)
