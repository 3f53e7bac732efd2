"""Optional packages: imported when needed, with the install line when absent."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from lichen.base.errors import MissingExtraError


def need(module: str, *, extra: str, why: str) -> ModuleType:
    """Import an optional module.

    Args:
        module: dotted name to import.
        extra: the extra of Lichen that brings it.
        why: what needs it, for the message.

    Returns:
        The imported module.

    Raises:
        MissingExtraError: it is not installed.

    >>> need("no_such_module", extra="rdf", why="reading Turtle")
    Traceback (most recent call last):
    ...
    lichen.base.errors.MissingExtraError: reading Turtle needs the package 'no_such_module', \
which is not installed. Run: pip install 'lichen[rdf]'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module == error.name or module.startswith(error.name + ".")):
            raise
        raise MissingExtraError(
            f"{why} needs the package {error.name!r}, which is not installed. "
            f"Run: pip install 'lichen[{extra}]'"
        ) from None


def refuse_broken_torchvision() -> None:
    """Stop early when a torchvision is present that does not work with this torch.

    transformers imports torchvision whenever it finds one; a build for another torch makes
    unrelated text models unimportable, with a message that names neither package.

    Raises:
        MissingExtraError: torchvision is installed and cannot be imported.
    """
    if find_spec("torchvision") is None:
        return
    try:
        import_module("torchvision")
    except Exception as error:  # noqa: BLE001 - a broken build raises whatever its loader raises
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise MissingExtraError(
            f"torchvision is installed but does not work with this torch ({first_line}), and "
            "transformers then cannot import its text models. Run: pip uninstall -y torchvision"
        ) from None
