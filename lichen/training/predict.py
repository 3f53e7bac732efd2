"""A trained model and samples to class probabilities, or to spans."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lichen.base.errors import ConfigError
from lichen.data.corpus import LabelledSpan, Sample
from lichen.fusion.model import FusedModel
from lichen.training.run import Run


def predict(model: FusedModel | Run[FusedModel], samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Return the probability of each class for each sample.

    Args:
        model: the model, or the run that trained it.
        samples: texts with linked mentions; their labels are not read.

    Returns:
        `(samples, classes)`; each row sums to 1. Of task "choose", how likely each sample is the
        right one among its question's, which must all be given, and how likely it is not.

    Raises:
        ConfigError: the model has no classes yet, or its task does not give any.
    """
    found = model.model if isinstance(model, Run) else model
    if found.labels is None:
        raise ConfigError("labels must be known before predicting; got None. Train the model.")
    if "token" in found.task.HEADS:
        raise ConfigError(
            f"predict: the task must give classes; got {found.config.task!r}. Use find_spans."
        )
    raw = found.predict(samples).double().numpy()
    out: NDArray[np.float64] = raw / raw.sum(axis=1, keepdims=True)
    return out


def find_spans(
    model: FusedModel | Run[FusedModel], samples: Sequence[Sample]
) -> list[tuple[LabelledSpan, ...]]:
    """Return the labelled spans that a model of task "tag" or "span" finds in each sample.

    Args:
        model: the model, or the run that trained it.
        samples: texts with linked mentions; their spans are not read.

    Returns:
        For each sample its spans in order, not overlapping; of task "span" one, the answer, or ().

    Raises:
        ConfigError: the model's task is another one, or it has no classes yet.
    """
    found = model.model if isinstance(model, Run) else model
    if "token" not in found.task.HEADS:
        raise ConfigError(
            f"find_spans: the task must find spans; got {found.config.task!r}. Use predict."
        )
    if found.labels is None:
        raise ConfigError("labels must be known before predicting; got None. Train the model.")
    spans: list[tuple[LabelledSpan, ...]] = found.predict(samples)
    return spans
