"""A fused teacher and texts to a student that answers much like it and needs no graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lichen.base.errors import ConfigError
from lichen.data.corpus import Corpus
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.joined import Joined, joined
from lichen.training.loop import train
from lichen.training.run import Run
from lichen.training.teacher import Teacher

PAPER = "Hinton et al., 2015, arXiv:1503.02531"


def distil(
    teacher: Teacher | FusedModel | Run[FusedModel],
    texts: Corpus,
    *,
    student: FusedModel | None = None,
    beside: Joined | Sequence[Joined] | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    config: TrainConfig | None = None,
    processes: int = 1,
) -> Run[FusedModel]:
    """Train a student without knowledge to give the teacher's answers, by `train`.

    Use when graph or links are not at hand where the model will run. The student learns nothing of
    facts that no text mentions, so give it many texts of the kind that it will meet, or `Beside`.

    Args:
        teacher: a trained fused model, the run that trained it, or a `Teacher` with settings.
        texts: linked documents, labelled or not; a student without a graph reads no link.
        student: trained in place, of the same task and classes; None makes one of the teacher's
            language model and head, without graph and fusion.
        beside: what else is learned, as in `train`.
        out: folder for the run, as in `train`.
        seed: of the student's start, of the order of texts and of dropout.
        config: the settings; None takes the defaults.
        processes: as in `train`.

    Returns:
        The student's run.

    Raises:
        ConfigError: the teacher has no classes, the student another task or other classes, or
            what `train` refuses.
        DataError: there is no text, or a label is not the teacher's.
    """
    taught = teacher if isinstance(teacher, Teacher) else Teacher(model=teacher)
    pupil = _student(taught.source, seed) if student is None else student
    return train(
        pupil,
        texts,
        beside=(taught, *joined(beside)),
        out=out,
        seed=seed,
        config=config,
        processes=processes,
    )


def _student(teacher: FusedModel, seed: int) -> FusedModel:
    """Return a fresh model of the teacher's language model and head, without a graph."""
    try:
        text, _nodes = teacher.origin()
    except ConfigError:
        raise ConfigError(
            "distil: the teacher's language model was trained, and its folder does not hold what "
            "it began with, which a student would begin with. Pass student=FusedModel(...)."
        ) from None
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
