"""A trained model and samples to class probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lichen.base.errors import ConfigError
from lichen.data.corpus import Sample
from lichen.fusion.model import FusedModel
from lichen.training.run import Run


def predict(model: FusedModel | Run[FusedModel], samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Return the probability of each class for each sample.

    Args:
        model: the model, or the run that trained it.
        samples: texts with linked mentions; their labels are not read.

    Returns:
        `(samples, classes)`; each row sums to 1.

    Raises:
        ConfigError: the model has no classes yet.
    """
    found = model.model if isinstance(model, Run) else model
    if found.labels is None:
        raise ConfigError("labels must be known before predicting; got None. Train the model.")
    raw = found.predict(samples).double().numpy()
    out: NDArray[np.float64] = raw / raw.sum(axis=1, keepdims=True)
    return out
