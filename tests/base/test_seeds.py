import random
import sys
import types

import numpy as np
import pytest

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


def test_negative_seed_is_refused():
    with pytest.raises(ValueError, match="Seed must be between 0"):
        set_seed(-1)
