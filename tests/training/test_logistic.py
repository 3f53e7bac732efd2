import numpy as np
import pytest

from lichen.base.errors import ConfigError, ShapeError
from lichen.training.logistic import fit_logistic


def test_the_fit_is_the_optimum():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4))
    y = (x @ rng.normal(size=(4, 3)) + rng.normal(size=(60, 3))).argmax(1)
    fitted = fit_logistic(x, y, num_classes=3, l2=0.1)
    chances = fitted.predict(x)
    assert np.allclose(chances.sum(1), 1.0)
    gap = (chances - np.eye(3)[y]) / len(x)
    assert np.abs(x.T @ gap + 0.1 * fitted.weights).max() < 1e-5
    assert np.abs(gap.sum(0)).max() < 1e-5


def test_a_class_that_does_not_occur_is_never_likely():
    x = np.array([[0.0], [1.0], [2.0], [3.0]])
    chances = fit_logistic(x, np.array([0, 0, 1, 1]), num_classes=3, l2=0.01).predict(x)
    assert chances[:, 2].max() < 0.05


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(ShapeError, match=r"\(samples,\); got \(2, 1\) and \(3,\)"):
        fit_logistic(np.zeros((2, 1)), np.zeros(3, dtype=np.int64), num_classes=2, l2=0.1)
    with pytest.raises(ConfigError, match=r"logistic\.l2"):
        fit_logistic(np.zeros((2, 1)), np.zeros(2, dtype=np.int64), num_classes=2, l2=-1)
