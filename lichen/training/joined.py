"""What is learned with a task in one run: the kinds there are, kept in the run's folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lichen.base.choose import choose
from lichen.base.errors import ConfigError
from lichen.fusion.model import FusedModel
from lichen.training.beside import Beside, require_trained_text
from lichen.training.consistency import Consistency
from lichen.training.teacher import Teacher

Joined = Beside | Consistency | Teacher
KINDS: Mapping[str, type[Joined]] = {
    "beside": Beside,
    "consistency": Consistency,
    "teacher": Teacher,
}
"""What a run's record and folder call each."""
ALONE = ""
"""Name of the one task where a run has no several."""
Models = Mapping[str, FusedModel]
"""The models of a run by task."""


def joined(given: Joined | Sequence[Joined] | None) -> tuple[Joined, ...]:
    """Return what is learned with a task, one or several, in a tuple.

    Raises:
        ConfigError: something else is among them, or two are of one kind for one task.
    """
    if given is None:
        return ()
    found = tuple(given) if isinstance(given, list | tuple) else (given,)
    seen: set[str] = set()
    checked: list[Joined] = []
    for one in found:
        if not isinstance(one, Joined):
            raise ConfigError(
                "beside: must be a Beside, a Consistency, a Teacher, or several of them; got "
                f"{type(one).__name__}."
            )
        if key_of(one) in seen:
            raise ConfigError(
                f"beside: there must be one {type(one).__name__} a task at most; got two. Give "
                "one more texts or objectives, or name the task that each is for."
            )
        seen.add(key_of(one))
        checked.append(one)
    return tuple(checked)


def key_of(one: Joined) -> str:
    """Return what a run calls it: its kind, and its task where there are several."""
    kind = next(name for name, kind in KINDS.items() if isinstance(one, kind))
    task = None if isinstance(one, Beside) else one.task
    return kind if task is None else f"{kind}-{task}"


def require_joined(beside: tuple[Joined, ...], models: Models) -> None:
    """Refuse what the models of a run cannot learn.

    Raises:
        ChoiceError: a task is named that the run does not have.
        ConfigError: a task is named where there is one or left out where there are several, a
            teacher is of another task or other classes, or there is `Beside` for a frozen language
            model.
    """
    for one in beside:
        if isinstance(one, Beside):
            require_trained_text(next(iter(models.values())))
            continue
        kind = key_of(one).partition("-")[0]
        if one.task is None and ALONE not in models:
            raise ConfigError(
                f"{kind}.task must name one of the run's tasks ({', '.join(models)}); got None."
            )
        if one.task is not None and ALONE in models:
            raise ConfigError(
                f"{kind}.task must be None where a run has one task; got {one.task!r}."
            )
        if one.task is not None:
            choose(f"{kind}.task", one.task, models)
        if isinstance(one, Teacher):
            one.require_student(models[one.task or ALONE])


def require_kept(beside: tuple[Joined, ...]) -> None:
    """Refuse what no run's folder can hold.

    Raises:
        ConfigError: a teacher is a twin with wrong or counted knowledge.
    """
    for teacher in teachers(beside).values():
        teacher.require_kept()


def teachers(beside: tuple[Joined, ...]) -> dict[str, Teacher]:
    """Return the teachers of a run by task."""
    return {one.task or ALONE: one for one in beside if isinstance(one, Teacher)}


def specs(beside: tuple[Joined, ...]) -> dict[str, Any]:
    """Return what makes them these, by kind: equal for runs that may go on."""
    return {key_of(one): one.spec() for one in beside}


def save_joined(
    beside: tuple[Joined, ...], folder: Path, *, save: Callable[[Any, Path], None]
) -> None:
    """Write what they read into a run's folder.

    Args:
        beside: what is learned with the task.
        folder: of the run.
        save: writes a teacher, a run or a model, into a folder.
    """
    for one in beside:
        place = folder / key_of(one)
        if isinstance(one, Teacher):
            save(one.model, place)
        else:
            one.save(folder if isinstance(one, Beside) else place)


def load_joined(
    folder: Path, said: Mapping[str, Any], models: Models, *, load: Callable[[Path], Any]
) -> tuple[Joined, ...]:
    """Read what `save_joined` wrote.

    Args:
        folder: of the run.
        said: its record, with what `specs` gave.
        models: of the run.
        load: reads a teacher, a run or a model, from its folder.
    """
    found: list[Joined] = []
    for key in said:
        kind, _, task = key.partition("-")
        if kind == "beside":
            found.append(Beside.load(folder, said[key], next(iter(models.values()))))
        elif kind == "consistency":
            found.append(Consistency.load(folder / key, said[key], task=task or None))
        elif kind == "teacher":
            settings = {x: said[key][x] for x in ("weight", "temperature")}
            found.append(Teacher(model=load(folder / key), task=task or None, **settings))
    return tuple(found)
