"""Where Lichen writes: its own folder, movable by one environment variable, and the user's."""

from __future__ import annotations

import os
from pathlib import Path

from lichen.base.errors import ConfigError


def home() -> Path:
    """Return the folder for caches and built data, creating it when absent.

    `LICHEN_HOME` names it; without that it is `lichen` under the user's cache folder.
    """
    given = os.environ.get("LICHEN_HOME")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(given) if given else base / "lichen"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def require_folder(path: Path) -> None:
    """Refuse a path that cannot be a folder, before anything long is done for it.

    Raises:
        ConfigError: a file stands there, or on the way there, or no such place can be.
    """
    for part in (path, *path.parents):
        try:
            is_file = part.exists() and not part.is_dir()
        except OSError as error:  # a name too long, a folder that is closed to this user
            raise ConfigError(
                f"{path}: must be a folder or free; {error.strerror}. Give another folder."
            ) from None
        if is_file:
            raise ConfigError(
                f"{path}: must be a folder or free; {part} is a file. Give another folder."
            )
