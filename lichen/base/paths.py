"""Where Lichen keeps what it builds: one folder, movable by one environment variable."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """Return the folder for caches and built data, creating it when absent.

    `LICHEN_HOME` names it; without that it is `lichen` under the user's cache folder.
    """
    given = os.environ.get("LICHEN_HOME")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(given) if given else base / "lichen"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
