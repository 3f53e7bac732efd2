"""The name of an ensemble method, learners and a corpus to a fitted ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from inspect import signature
from typing import Any

from lichen.base.choose import choose
from lichen.base.seeds import require_seed
from lichen.data.corpus import Corpus
from lichen.training.ensemble import ENSEMBLES
from lichen.training.learner import Learner, Predictor


def fit_ensemble(
    name: str, learners: Sequence[Learner], corpus: Corpus, *, seed: int = 0, **settings: Any
) -> Predictor:
    """Fit an ensemble by name.

    Args:
        name: a key of `ENSEMBLES`.
        learners: what to combine, of one list of classes.
        corpus: labelled, linked documents.
        seed: of the draws, and of the members' starts.
        **settings: the method's own, such as `rounds` of bagging.

    Returns:
        The ensemble, which predicts as its members do.

    Raises:
        ChoiceError: no such method, or it has no such setting.
        ConfigError: the learners, a setting or the seed cannot work.
        DataError: the corpus cannot be learned from.
    """
    module, _, function = choose("ensemble", name, ENSEMBLES).partition(":")
    fit = getattr(import_module(module), function)
    known = {key: None for key, x in signature(fit).parameters.items() if x.kind is x.KEYWORD_ONLY}
    for key in settings:
        choose(f"a setting of {name}", key, known)
    require_seed("ensemble: seed", seed)
    found: Predictor = fit(learners, corpus, seed=seed, **settings)
    return found
