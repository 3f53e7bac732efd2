import numpy as np
import pytest

from lichen.base.errors import ConfigError
from lichen.data.query import Branch, Query
from lichen.reasoning.calibrate import CLOSE, FEATURES, Calibration, calibrate, features_of
from lichen.reasoning.decode import Reading

QUERY = Query("lookup", (Branch(0),), "population")


def test_features_tell_executable_empty_and_outside_apart():
    readings = [
        Reading(QUERY, -0.1, is_executable=True),
        Reading(QUERY._replace(attribute="area"), -3.1, is_executable=True),
        Reading(QUERY._replace(attribute="gdp"), -4.0, is_executable=False),
        Reading(None, -5.0, is_executable=False),
    ]
    found = dict(zip(FEATURES, features_of(readings, 1.0), strict=True))
    assert found["log_p"] == pytest.approx(-0.1)
    assert found["margin"] == pytest.approx(3.0)
    assert found["log_empty"] == pytest.approx(-4.0)
    assert found["log_none"] == pytest.approx(-5.0)
    assert found["link"] == 0.0
    nothing = dict(zip(FEATURES, features_of([], 1.0), strict=True))
    assert nothing["log_p"] == -CLOSE


def test_confidence_follows_what_was_right_and_the_threshold_is_a_probability():
    rng = np.random.default_rng(0)
    log_p = -rng.exponential(2.0, 4000)
    right = rng.random(4000) < 1 / (1 + np.exp(-3 - 1.5 * log_p))
    x = np.zeros((4000, len(FEATURES)))
    x[:, 0], x[:, 1] = 1.0, log_p
    fitted = calibrate(x, right, threshold=0.4)
    p = np.array([fitted.confidence(row) for row in x])
    for low, high in ((0.1, 0.4), (0.4, 0.7), (0.7, 1.0)):
        band = (p >= low) & (p < high)
        assert abs(p[band].mean() - right[band].mean()) < 0.08
    assert fitted.threshold == 0.4
    edge = np.abs(p - fitted.threshold) < 0.1
    assert right[edge].mean() == pytest.approx(0.4, abs=0.06)


def test_with_one_kind_of_outcome_the_default_stays():
    assert calibrate(np.ones((3, len(FEATURES))), np.ones(3)) == Calibration()


def test_fewer_questions_hardly_move_who_is_answered():
    rng = np.random.default_rng(1)
    log_p = -rng.exponential(2.0, 6000)
    right = rng.random(6000) < 1 / (1 + np.exp(-3 - 1.5 * log_p))
    x = np.zeros((6000, len(FEATURES)))
    x[:, 0], x[:, 1] = 1.0, log_p
    shares = []
    for start in range(0, 6000, 600):
        fitted = calibrate(x[start : start + 600], right[start : start + 600])
        sure = [fitted.confidence(row) >= fitted.threshold for row in x]
        shares.append(np.mean(sure))
    assert max(shares) - min(shares) < 0.1


def test_a_threshold_out_of_range_is_refused():
    with pytest.raises(ConfigError, match=r"calibration\.threshold"):
        calibrate(np.ones((1, len(FEATURES))), [True], threshold=1.5)
