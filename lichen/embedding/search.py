"""A graph and some minutes to good training settings, chosen on the validation split by Optuna."""

from __future__ import annotations

import time
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from typing import Any

import torch

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ConfigError, DataError, LichenError, first_line
from lichen.base.extras import need
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.trainer import train_embedding

SPACE: Mapping[str, tuple[Any, ...]] = {
    "learning_rate": (0.01, 0.5),
    "n3": (1e-4, 0.3),
    "dropout": (0.0, 0.5),
    "batch_size": (256, 512, 1024, 2048),
}
"""Key of `EmbeddingConfig` to what is tried: two floats are bounds (by their logarithms when both
are above 0), anything else is a choice."""
GIVE_UP = 10
"""Trials that fail before any comes through, after which a search ends."""


@dataclass(frozen=True, kw_only=True)
class SearchReport:
    """What a search found."""

    config: EmbeddingConfig
    """The best settings."""
    valid_mrr: float
    """Their filtered MRR on the validation split."""
    trials: tuple[tuple[Mapping[str, Any], float], ...]
    """Every trial that came to a look at the validation split: what was tried, and its MRR."""
    failed: tuple[tuple[Mapping[str, Any], str], ...] = ()
    """Every trial that stopped with an error: what was tried, and what the error said."""
    seconds: float

    def __str__(self) -> str:
        """Show the best on one line."""
        best = max(self.trials, key=lambda trial: trial[1])[0]
        shown = ", ".join(
            f"{k} {x:.4g}" if isinstance(x, float) else f"{k} {x}" for k, x in best.items()
        )
        failed = f" and {len(self.failed)} that failed" if self.failed else ""
        return (
            f"{len(self.trials)} trials{failed} in {self.seconds:.0f} s, best valid MRR "
            f"{self.valid_mrr:.4f} with {shown}"
        )


def search(
    graph: Graph,
    *,
    scorer: str = "complex",
    dim: int = 128,
    budget_s: float,
    config: EmbeddingConfig | None = None,
    space: Mapping[str, tuple[Any, ...]] = SPACE,
    seed: int = 0,
    **settings: Any,
) -> SearchReport:
    """Try settings until the time is up; trials that fall behind are cut at their looks.

    The first trial takes `config`, moved into the space, so where it comes to its end the result
    is never below it. When the time is up the trial in progress is cut at its next step and
    looked at as it stands, so there is always one. Trials that stop with an error are counted.

    Args:
        graph: with a "valid" split.
        scorer: a key of `lichen.embedding.SCORERS`.
        dim: numbers an entity.
        budget_s: seconds; a last look at the validation split may come on top.
        config: settings of what is not searched; None takes the defaults.
        space: what is searched; see `SPACE`.
        seed: of the search and of every trial.
        **settings: of `GraphEncoder`: `reciprocal`, and the scorer's own, such as `distance`.

    Returns:
        The best settings and all trials.

    Raises:
        DataError: there is no validation split.
        ChoiceError: the space names no setting, or there is no such scorer.
        ConfigError: the space holds nothing to try of a setting, bounds the wrong way round, or
            a value that the setting cannot have; or settings do not fit the scorer.
        LichenError: every trial failed; after `GIVE_UP` of them no more are made.
        MissingExtraError: Optuna is not installed.

    References:
        Akiba et al., 2019, arXiv:1907.10902 (Optuna: Parzen estimators and median pruning).
    """
    check.between("budget_s", budget_s, 0.0, 1e9)
    optuna = need("optuna", extra="search", why="searching settings")
    if "valid" not in graph.splits or len(graph.split("valid")) == 0:
        raise DataError("search: graph must have a valid split to choose by; it has none.")
    base = replace(config or EmbeddingConfig(), seed=seed)
    first = _start(base, space)
    started = time.monotonic()
    encoder = GraphEncoder(scorer, graph, dim=dim, seed=seed, **settings)
    trials = _Trials(graph, encoder, base, space, optuna.TrialPruned, ends=started + budget_s)
    _study(optuna, seed, first).optimize(trials)
    tried, best = trials.best()
    return SearchReport(
        config=replace(base, **tried),
        valid_mrr=best,
        trials=tuple(trials.found),
        failed=tuple(trials.failed),
        seconds=time.monotonic() - started,
    )


def _study(optuna: Any, seed: int, first: dict[str, Any]) -> Any:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=seed)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=4)
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    study.enqueue_trial(first)
    return study


@dataclass
class _Trials:
    """Trains with what Optuna suggests; cut when the time is up, or at a look that is behind."""

    graph: Graph
    encoder: GraphEncoder
    """As every trial starts; each trains a copy."""
    base: EmbeddingConfig
    space: Mapping[str, tuple[Any, ...]]
    pruned: type[Exception]
    """What tells Optuna that a trial came to nothing."""
    ends: float
    found: list[tuple[dict[str, Any], float]] = field(default_factory=list)
    failed: list[tuple[dict[str, Any], str]] = field(default_factory=list)

    def __call__(self, trial: Any) -> float:
        tried = {key: _suggest(trial, key, values) for key, values in self.space.items()}
        looks = [0.0]

        def on_look(epoch: int, mrr: float) -> bool:
            looks.append(mrr)
            trial.report(max(looks), epoch)
            return bool(trial.should_prune())

        try:
            train_embedding(
                deepcopy(self.encoder),
                self.graph,
                config=replace(self.base, **tried),
                on_look=on_look,
                on_step=self.is_over,
            )
        except (LichenError, torch.OutOfMemoryError) as error:  # a card that is too small
            self.failed.append((tried, first_line(error)))
            raise self.pruned from error
        else:
            self.found.append((tried, max(looks)))
        finally:
            if self.is_over() or (not self.found and len(self.failed) >= GIVE_UP):
                trial.study.stop()
        return max(looks)

    def best(self) -> tuple[dict[str, Any], float]:
        """Return what was tried in the best trial, and its MRR."""
        if not self.found:
            _, why = self.failed[0]
            raise LichenError(
                "search: a trial must come to a look at the validation split; all "
                f"{len(self.failed)} failed, the first with: {why}"
            )
        return max(self.found, key=lambda trial: trial[1])

    def is_over(self) -> bool:
        """Say whether the time is up."""
        return time.monotonic() > self.ends


def _refuse_unfit(space: Mapping[str, tuple[Any, ...]]) -> None:
    """Refuse values that are not there, out of bounds or the wrong way round."""
    for key, values in space.items():
        choose("search: space", key, {f.name: None for f in fields(EmbeddingConfig)})
        if not isinstance(values, tuple | list) or not values:
            raise ConfigError(
                f"search: space[{key!r}] must hold two floats, the bounds, or some choices; got "
                f"{values!r}. Leave the setting out to keep it as it is."
            )
        for value in values:
            EmbeddingConfig(**{key: value})
        if _is_range(values) and values[0] > values[1]:
            raise ConfigError(
                f"search: space[{key!r}] must hold the lower bound first; got {values!r}. Turn "
                "them round."
            )


def _suggest(trial: Any, key: str, values: tuple[Any, ...]) -> Any:
    if _is_range(values):
        return trial.suggest_float(key, *values, log=values[0] > 0)
    return trial.suggest_categorical(key, values)


def _is_range(values: tuple[Any, ...]) -> bool:
    return len(values) == 2 and all(isinstance(x, float) for x in values)


def _start(base: EmbeddingConfig, space: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """Return the values of the settings as they are, moved into the space.

    What would fail in the first trial, which is the result to beat, is refused here.
    """
    _refuse_unfit(space)
    start = {}
    for key, values in space.items():
        own = getattr(base, key)
        if _is_range(values):
            start[key] = min(max(own, values[0]), values[1])
        else:
            start[key] = own if own in values else values[0]
    replace(base, **start)  # they may not go together
    return start
