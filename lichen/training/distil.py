"""A fused teacher and texts to a student that answers much like it and needs no graph."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lichen.base import check
from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.batch import Batch
from lichen.fusion.model import FusedModel
from lichen.fusion.tasks.classify import require_classify
from lichen.training.beside import Beside, BesideLoss
from lichen.training.config import TrainConfig
from lichen.training.predict import predict
from lichen.training.run import Run
from lichen.training.soft import fit_items

PAPER = "Hinton et al., 2015, arXiv:1503.02531"
FLOOR = 1e-6
"""Least probability of a teacher whose logarithm is taken."""


def distil(
    teacher: FusedModel | Run[FusedModel],
    texts: Corpus,
    *,
    student: FusedModel | None = None,
    temperature: float = 2.0,
    weight: float = 0.7,
    seed: int = 0,
    config: TrainConfig | None = None,
    beside: Beside | None = None,
) -> FusedModel:
    """Train a student without knowledge to give the teacher's probabilities.

    The loss is weight * T^2 * KL(teacher at T || student at T), and (1 - weight) times the
    cross-entropy on the texts with a label, both distributions softened by the temperature T. On
    texts without a label the first term stands alone, at full weight.

    Use when graph or links are not at hand where the model will run. The student learns nothing of
    facts that no text mentions, so give it many texts of the kind that it will meet, or `beside`.

    Args:
        teacher: a trained fused model, or the run that trained it.
        texts: linked documents, labelled or not; a student without a graph reads no link.
        student: trained in place, of the same classes; None makes one without graph and fusion.
        temperature: above 1 shows more of how the teacher ranks the wrong classes.
        weight: share of the teacher in the loss where there is a label, 0 to 1.
        seed: of the student's start, of the order of texts and of dropout.
        config: the settings; None takes the defaults.
        beside: what the student's language model learns too, such as a graph's facts; or None.

    Returns:
        The student.

    Raises:
        ConfigError: the teacher has no classes, the student others, a setting is out of bounds,
            or there is `beside` for a frozen language model.
        DataError: there is no text, or a label is not the teacher's.
    """
    check.between("distil.temperature", temperature, 0.01, 1000.0)
    check.between("distil.weight", weight, 0.0, 1.0)
    source = teacher.model if isinstance(teacher, Run) else teacher
    labels = _labels(source, texts)
    pupil = _student(source, seed) if student is None else student
    _require_classes(pupil, labels)
    more = None if beside is None else BesideLoss(beside, pupil, seed=seed)
    samples = texts.samples(labels)
    wanted = softened(predict(source, samples), temperature=temperature)
    truth = torch.tensor([-1 if s.label is None else s.label for s in samples])

    def loss(batch: Batch, rows: Tensor) -> Tensor:
        batch.pop("labels", None)
        logits = pupil(**batch).logits
        goal, hard = (x[rows].to(logits.device) for x in (wanted, truth))
        return soft_loss(logits, goal, hard, temperature=temperature, weight=weight)

    batcher = pupil.batcher()
    settings, items = config or TrainConfig(), batcher.items(samples)
    fit = partial(fit_items, pupil, items, loss=loss, beside=more)
    fit(collate=batcher.collate, config=settings, seed=seed)
    return pupil


def _require_classes(student: FusedModel, labels: Vocabulary) -> None:
    """Refuse a student of other classes than its teacher's."""
    if student.labels is None or list(student.labels) != list(labels):
        raise ConfigError(
            f"distil: the student must have the teacher's classes {list(labels)}; got "
            f"{None if student.labels is None else list(student.labels)}."
        )


def _labels(teacher: FusedModel, texts: Corpus) -> Vocabulary:
    """Return the teacher's classes, when it and the texts are fit for distillation."""
    require_classify(teacher.config.task, "distil")
    if teacher.labels is None:
        raise ConfigError("distil: the teacher must have its classes; got None. Train it first.")
    if not len(texts):
        raise DataError("distil: texts must hold at least one document; it is empty.")
    return teacher.labels


def softened(chances: NDArray[np.float64], *, temperature: float) -> Tensor:
    """Return probabilities as they are at a temperature.

    Args:
        chances: `(samples, classes)` probabilities at temperature 1.
        temperature: above 1 evens them out.

    Returns:
        `(samples, classes)`.

    >>> softened(np.array([[0.8, 0.2]]), temperature=2.0)
    tensor([[0.6667, 0.3333]])
    """
    logits = torch.from_numpy(chances).float().clamp(min=FLOOR).log()
    return (logits / temperature).softmax(-1)


def soft_loss(
    logits: Tensor, wanted: Tensor, truth: Tensor, *, temperature: float, weight: float
) -> Tensor:
    """Return the mean distillation loss of a batch.

    Args:
        logits: `(batch, classes)` of the student.
        wanted: `(batch, classes)` probabilities of the teacher at the temperature.
        truth: `(batch,)` class ids; -1 where there is no label.
        temperature: of both distributions.
        weight: share of the teacher where there is a label.
    """
    told = (logits / temperature).log_softmax(-1)
    soft = nn.functional.kl_div(told, wanted, reduction="none").sum(-1) * temperature**2
    hard = nn.functional.cross_entropy(logits, truth, ignore_index=-1, reduction="none")
    share = torch.where(truth >= 0, weight, 1.0)
    return (share * soft + (1.0 - share) * hard).mean()


def _student(teacher: FusedModel, seed: int) -> FusedModel:
    """Return a fresh model of the teacher's language model and head, without a graph."""
    text, _nodes = teacher.origin()
    settings = {**teacher.config.settings(), "train_nodes": False, "triple": 0.0, "seed": seed}
    return FusedModel(
        text,
        None,
        fusion="none",
        task=teacher.config.task,
        labels=teacher.labels,
        at="output",
        **settings,
    )
