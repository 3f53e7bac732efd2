"""The reporters of a run: refused where they cannot be used, and told where to write."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from transformers import Trainer
from transformers.integrations import (
    get_available_reporting_integrations,
    is_azureml_available,
    is_flytekit_available,
)
from transformers.integrations.integration_utils import (
    INTEGRATION_TO_CALLBACK,
    TensorBoardCallback,
)

from lichen.base.choose import choose
from lichen.base.errors import ConfigError

EVENTS = "tensorboard"
"""Folder of TensorBoard's events in a run's."""
ALWAYS = ("none", "all")
"""What `report_to` may be beside a reporter's name: no reporter, or every installed one."""
PACKAGES = {
    "azure_ml": "azureml-sdk",
    "comet_ml": "comet-ml",
    "dagshub": "dagshub mlflow",
    "flyte": "flytekit",
}
"""What installs a reporter that is not named as its package is."""


def require_reporter(name: str, *, key: str = "train.report_to") -> None:
    """Refuse a reporter that could only fail later, when a run is made ready.

    Args:
        name: the setting `report_to`.
        key: what it is called, for messages.

    Raises:
        ChoiceError: there is no such reporter.
        ConfigError: it is not installed.
    """
    ready = installed()
    if name in (*ALWAYS, *ready):
        return
    choose(key, name, dict.fromkeys([*ALWAYS, *INTEGRATION_TO_CALLBACK]))
    here = ", ".join(ready) or "none"
    how = f"Run: pip install {PACKAGES.get(name, name)}"
    if name == "kubeflow":
        how = "Train inside a Kubeflow TrainJob, which it reports to"
    raise ConfigError(
        f"{key} must be 'none' or a reporter that is installed (here: {here}); got "
        f"{name!r}, which is not. {how}, or leave report_to out."
    )


def installed() -> list[str]:
    """Return the reporters that can be used here, in sorted order."""
    found = set(get_available_reporting_integrations())
    if is_azureml_available():
        found.add("azure_ml")
    if is_flytekit_available():
        found.add("flyte")
    if find_spec("comet_ml") is not None:  # without a key it is installed, and asks for one
        found.add("comet_ml")
    return sorted(found)


def place_events(
    trainer: Trainer, log: Path | None, *, asked: str, key: str = "train.report_to"
) -> None:
    """Let TensorBoard's events lie beside the figures, not among the checkpoints, which go.

    Args:
        trainer: of the run.
        log: the run's file for figures, or None where nothing is kept on disk.
        asked: the setting `report_to`, for messages.
        key: what the setting is called, for messages.

    Raises:
        ConfigError: TensorBoard is wanted, and nothing is kept on disk.
    """
    for callback in trainer.callback_handler.callbacks:
        if isinstance(callback, TensorBoardCallback) and callback.logging_dir is None:
            if log is None:
                raise ConfigError(
                    f"{key} must not be {asked!r} where no out is given, since TensorBoard's "
                    "events lie in the run folder. Pass out=..., or leave report_to out."
                )
            callback.logging_dir = str(log.parent / EVENTS)
