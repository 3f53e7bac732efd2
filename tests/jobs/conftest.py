"""What the tests of the jobs share: systems with made-up figures."""

import pytest

from lichen.evaluation.paired import Interval
from lichen.jobs.worth import System


@pytest.fixture
def system():
    def make(name, *accuracy):
        mean = sum(accuracy) / len(accuracy)
        return System(
            name=name,
            accuracy=accuracy,
            interval=Interval(mean, mean - 0.02, mean + 0.02),
            macro_f1=accuracy,
            calibration_error=(0.05,) * len(accuracy),
            reliability=((0.6, 0.5), (0.9, 0.95)),
            num_parameters=23_000_000,
            num_trained=400_000,
            train_s=12.0,
            predict_s=1.5,
        )

    return make
