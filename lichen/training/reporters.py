"""The name of a reporter to an error where the Trainer does not know it or it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

from transformers.integrations import (
    get_available_reporting_integrations,
    is_azureml_available,
    is_flytekit_available,
)
from transformers.integrations.integration_utils import INTEGRATION_TO_CALLBACK

from lichen.base.choose import choose
from lichen.base.errors import ConfigError

ALWAYS = ("none", "all")
"""What `report_to` may be beside a reporter's name: no reporter, or every installed one."""
PACKAGES = {
    "azure_ml": "azureml-sdk",
    "comet_ml": "comet-ml",
    "dagshub": "dagshub mlflow",
    "flyte": "flytekit",
}
"""What installs a reporter that is not named as its package is."""


def require_reporter(name: str) -> None:
    """Refuse a reporter that could only fail later, when a run is made ready.

    Args:
        name: the setting `report_to`.

    Raises:
        ChoiceError: there is no such reporter.
        ConfigError: it is not installed.
    """
    ready = installed()
    if name in (*ALWAYS, *ready):
        return
    choose("train.report_to", name, dict.fromkeys([*ALWAYS, *INTEGRATION_TO_CALLBACK]))
    here = ", ".join(ready) or "none"
    how = f"Run: pip install {PACKAGES.get(name, name)}"
    if name == "kubeflow":
        how = "Train inside a Kubeflow TrainJob, which it reports to"
    raise ConfigError(
        f"train.report_to must be 'none' or a reporter that is installed (here: {here}); got "
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
