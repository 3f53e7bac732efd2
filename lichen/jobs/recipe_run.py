"""A recipe to its run, or to a comparison of fusions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lichen.base.errors import ConfigError
from lichen.data.corpus import Corpus
from lichen.fusion.model import FusedModel
from lichen.jobs.fusions import Contest, compare_fusions
from lichen.jobs.ranking import FusionTable
from lichen.jobs.ready import prepare
from lichen.jobs.recipe import Recipe
from lichen.training.loop import train
from lichen.training.multitask import TasksRun, train_tasks
from lichen.training.run import Run


def train_recipe(recipe: Recipe, *, processes: int = 1) -> Run[FusedModel] | TasksRun:
    """Do a recipe's run, or read it back when it is finished.

    Args:
        recipe: what to do.
        processes: how many share the training of the fused model.

    Returns:
        The run; of a recipe with further tasks, that of all tasks together.

    Raises:
        ConfigError: `out` holds another run, or `processes` cannot share this one.
    """
    run = prepare(recipe, processes=processes).run()
    shared: dict[str, Any] = {"valid": run.valid, "beside": run.beside, "out": run.out}
    shared |= {"seed": run.seed, "config": run.config, "processes": processes}
    if isinstance(run, TasksRun):
        return train_tasks(run.models, run.data, weights=run.weights, **shared)
    assert isinstance(run.data, Corpus)
    return train(run.model, run.data, **shared)


def compare_recipe(recipe: Recipe) -> FusionTable:
    """Train every fusion that a recipe compares, with its twins; kept runs are not trained again.

    Where it names none, one that the language model cannot be read for is left out, with a warning.

    `model.at` is the recipe's own fusion's; others read entities in as late as they can.

    Raises:
        ConfigError: the recipe has a table for one run, such as `[beside]` or `[tasks.NAME]`.
    """
    tables = ("beside", "consistency", "teacher", "tasks")
    named = [name for name in tables if getattr(recipe, name)]
    if named:
        raise ConfigError(
            f"{named[0]} must be left out where fusions are compared, since each is trained on the "
            f"task alone; got {', '.join(f'[{name}]' for name in named)}. Compare first, then "
            "train the one chosen with it."
        )
    ready = prepare(recipe, is_comparison=True)
    told = recipe.model.settings()
    shared = {key: x for key, x in told.items() if key not in ("at", "task", "group")}
    contest = Contest(
        text=ready.text,
        nodes=ready.nodes,
        graph=ready.graph,
        corpora=[ready.corpus],
        seeds=recipe.compare.seeds,
        twins=recipe.compare.twins,
        config=recipe.train,
        settings=shared,
        special={recipe.model.fusion: {"at": recipe.model.at}},
        task=recipe.model.task,
        group=recipe.compare.group or recipe.model.group,
        folds=recipe.compare.folds,
        together=recipe.compare.together,
    )
    out = Path(recipe.out) / "fusions"
    return compare_fusions(contest, fusions=ready.fusions, out=out)
