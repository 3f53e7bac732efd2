"""A recipe to its run, or to a comparison of fusions."""

from __future__ import annotations

from pathlib import Path

from lichen.base.errors import ConfigError
from lichen.fusion.model import FusedModel
from lichen.jobs.fusions import Contest, compare_fusions
from lichen.jobs.ranking import FusionTable
from lichen.jobs.ready import prepare
from lichen.jobs.recipe import Recipe
from lichen.training.loop import train
from lichen.training.run import Run


def train_recipe(recipe: Recipe, *, processes: int = 1) -> Run[FusedModel]:
    """Do a recipe's run, or read it back when it is finished.

    Args:
        recipe: what to do.
        processes: how many share the training of the fused model.

    Returns:
        The run.

    Raises:
        ConfigError: `out` holds another run, or `processes` cannot share this one.
    """
    ready = prepare(recipe, processes=processes)
    has_valid = any(doc.split == "valid" for doc in ready.corpus)
    return train(
        ready.model(),
        ready.corpus.train,
        valid=ready.corpus.valid if has_valid else None,
        beside=ready.beside(),
        out=recipe.out,
        seed=recipe.seed,
        config=recipe.train,
        processes=processes,
    )


def compare_recipe(recipe: Recipe) -> FusionTable:
    """Train every fusion that a recipe compares, with its twins; kept runs are not trained again.

    Where it names none, one that the language model cannot be read for is left out, with a warning.

    `model.at` is the recipe's own fusion's; others read entities in as late as they can.

    Raises:
        ConfigError: the recipe has a table `[beside]`, which is for one run.
    """
    if recipe.beside is not None:
        raise ConfigError(
            "beside must be left out where fusions are compared, since each is trained on the task "
            f"alone; got objectives {sorted(recipe.beside.objectives)}. Compare first, then train "
            "the one chosen with it."
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
