"""`lichen env`: what this machine offers, for a bug report or a first look."""

from __future__ import annotations

import lichen as li
from lichen.cli.output import AsJson, show


def env(*, as_json: AsJson = False) -> None:
    """Show versions, processor, packaged models and the cache folder."""
    show(li.environment(), as_json=as_json)
