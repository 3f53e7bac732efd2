"""Errors that say where, what must hold, what came and what to do.

Every message follows one formula, written where it is raised:
*where: what must hold, what came. What to do.*
"""

from __future__ import annotations


class LichenError(Exception):
    """Base of every error that Lichen raises on purpose."""


class DataError(LichenError, ValueError):
    """A file, a line or a record does not hold what its format promises."""


class ConfigError(LichenError, ValueError):
    """A setting has a value that cannot work; the message starts with its key."""


class ShapeError(LichenError, ValueError):
    """Two arrays do not fit; the message gives both shapes."""


class ChoiceError(LichenError, ValueError):
    """A name is not among the choices; the message lists them and the nearest."""


class MissingExtraError(LichenError, ImportError):
    """An optional package is absent; the message shows the line that installs it."""


class ArtifactError(LichenError):
    """A saved model, run or cache is incomplete, corrupt or of another format version."""


def first_line(error: Exception) -> str:
    r"""Return the first line of what another library's error says, closed by a full stop.

    >>> first_line(ValueError("no such file\n  at line 3"))
    'no such file.'
    """
    lines = str(error).strip().splitlines()
    line = lines[0].strip() if lines else type(error).__name__
    return line if line.endswith(".") else line + "."
