"""The published settings, one file each; chosen by the MRR of validation facts."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from runs import Setting

SETTINGS: list[Setting] = [
    import_module(f"settings.{module.name}").SETTING
    for module in iter_modules(__path__)
    if module.name != "bases"
]
"""All of them, by data set and method."""
