"""A trained model and samples to class probabilities, or to spans."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lichen.base.errors import ConfigError
from lichen.data.corpus import Document, LabelledSpan, Sample
from lichen.fusion.batch import Batcher
from lichen.fusion.item import unlabelled
from lichen.fusion.lost import Lost
from lichen.fusion.model import FusedModel
from lichen.training.run import Run


def predict(
    model: FusedModel | Run[FusedModel], samples: Iterable[Sample | Document]
) -> NDArray[np.float64]:
    """Return the probability of each class for each sample.

    Where mentions of the samples are not looked at, a warning says how many and why;
    `lost_mentions` counts them.

    Args:
        model: the model, or the run that trained it.
        samples: texts with linked mentions, such as a `Corpus`; their labels are not read.

    Returns:
        `(samples, classes)`; each row sums to 1. Of task "choose", how likely each sample is the
        right one among its question's, which must all be given, and how likely it is not.

    Raises:
        ConfigError: the model has no classes yet, its task does not give any, or the samples are no
            collection.
        DataError: one is neither sample nor document, its mentions are not in order in it, or one
            is of an entity without a vector.
    """
    found = model.model if isinstance(model, Run) else model
    if found.labels is None:
        raise ConfigError("labels must be known before predicting; got None. Train the model.")
    if "token" in found.task.HEADS:
        raise ConfigError(
            f"predict: the task must give classes; got {found.config.task!r}. Use find_spans."
        )
    asked = unlabelled(samples)
    _warn_of_lost(found, asked)
    return chances_of(found, asked)


def chances_of(model: FusedModel, samples: Iterable[Sample | Document]) -> NDArray[np.float64]:
    """Return what `predict` does of a model that gives classes, and warn of nothing."""
    raw = model.predict(samples).double().numpy()
    out: NDArray[np.float64] = raw / raw.sum(axis=1, keepdims=True)
    return out


def lost_mentions(model: FusedModel, samples: Iterable[Sample | Document]) -> Lost:
    """Count the mentions of samples that a model does not look at.

    Args:
        model: trained or not.
        samples: texts with mentions, such as a `Corpus`.

    Raises:
        ConfigError: the samples are no collection.
        DataError: one is neither sample nor document, or its mentions are not in order in it.
    """
    room = model.fusion.ROOM * model.config.mentions
    laid = Batcher(model.text, mentions=model.config.mentions, room=room)  # chooses no facts
    return laid.lost(samples)


def _warn_of_lost(model: FusedModel, samples: Iterable[Sample | Document]) -> None:
    lost = lost_mentions(model, samples)
    if lost:
        warnings.warn(f"mentions lost: {lost}.", stacklevel=3)


def find_spans(
    model: FusedModel | Run[FusedModel], samples: Iterable[Sample | Document]
) -> list[tuple[LabelledSpan, ...]]:
    """Return the labelled spans that a model of task "tag" or "span" finds in each sample.

    Warns of mentions that are not looked at, as `predict` does.

    Args:
        model: the model, or the run that trained it.
        samples: texts with linked mentions, such as a `Corpus`; their spans are not read.

    Returns:
        For each sample its spans in order, not overlapping; of task "span" one, the answer, or ().

    Raises:
        ConfigError: the model's task is another one, it has no classes yet, or the samples are no
            collection.
        DataError: one is neither sample nor document, its mentions are not in order in it, or one
            is of an entity without a vector.
    """
    found = model.model if isinstance(model, Run) else model
    if "token" not in found.task.HEADS:
        raise ConfigError(
            f"find_spans: the task must find spans; got {found.config.task!r}. Use predict."
        )
    if found.labels is None:
        raise ConfigError("labels must be known before predicting; got None. Train the model.")
    asked = unlabelled(samples)
    _warn_of_lost(found, asked)
    spans: list[tuple[LabelledSpan, ...]] = found.predict(asked)
    return spans
