import math

import pytest

from lichen.base.check import between
from lichen.base.errors import ConfigError


@pytest.mark.parametrize("value", [0, 1, 0.5, 1.0])
def test_inside(value):
    between("x", value, 0, 1)


@pytest.mark.parametrize("value", [-1, 1.1, math.nan, math.inf, "1", None, True])
def test_outside(value):
    with pytest.raises(ConfigError, match="x must be between 0 and 1; got"):
        between("x", value, 0, 1)
