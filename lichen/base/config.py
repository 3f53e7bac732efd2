"""TOML files to frozen dataclasses and back, every key and type checked."""

from __future__ import annotations

import dataclasses
import json
import math
import tomllib
import types
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from lichen.base.errors import ConfigError

T = TypeVar("T")


def load_config(cls: type[T], path: str | Path) -> T:
    """Read a TOML file into a dataclass; tables become the dataclasses of its fields.

    Args:
        cls: a dataclass; its fields may be bool, int, float, str, Path, a `Literal`, another
            dataclass, `tuple[X, ...]`, `list[X]`, `dict[str, X]`, or `X | None`, where None is
            an absent key.
        path: the file.

    Returns:
        The configuration; absent keys have their defaults.

    Raises:
        ConfigError: the file is not there or no TOML, a key is unknown or missing, or a value
            has another type than its field.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        found = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(
            f"{path}: must be a readable TOML file; {error.strerror or error}. Check the path."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected TOML, found: {error}. Fix the file.") from None
    try:
        return from_mapping(cls, found)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def from_mapping(cls: type[T], values: Mapping[str, Any], *, where: str = "") -> T:
    """Make a dataclass of a mapping, nested ones included.

    Args:
        cls: the dataclass.
        values: field name to value.
        where: dotted key of the mapping, for messages.

    Returns:
        The dataclass.

    Raises:
        ConfigError: a key is unknown or missing, or a value has another type than its field.

    >>> Embed = dataclasses.make_dataclass("Embed", [("dim", int), ("name", str, "complex")])
    >>> from_mapping(Embed, {"dmi": 3})
    Traceback (most recent call last):
    ...
    lichen.base.errors.ConfigError: dmi is not a key here; the keys are dim, name. Did you mean \
'dim'?
    """
    hints = get_type_hints(cls)
    fields = {f.name: f for f in dataclasses.fields(cls) if f.init}  # type: ignore[arg-type]
    for key in values:
        if key not in fields:
            near = get_close_matches(key, fields, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else " Remove it."
            raise ConfigError(
                f"{_join(where, key)} is not a key here; the keys are "
                f"{', '.join(sorted(fields))}.{hint}"
            )
    for key, field in fields.items():
        missing = dataclasses.MISSING
        if key not in values and field.default is missing and field.default_factory is missing:
            raise ConfigError(f"{_join(where, key)} must be given; found nothing. Add the key.")
    given = {key: _value(hints[key], x, _join(where, key)) for key, x in values.items()}
    return cls(**given)


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _value(hint: Any, value: Any, where: str) -> Any:
    """Return the value as its field's type has it, or refuse it."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _first_that_fits([a for a in args if a is not type(None)], value, where)
    if origin is Literal:
        if value in args and not (isinstance(value, bool) and True not in args):
            return value
        near = get_close_matches(str(value), [str(a) for a in args], n=1)
        hint_text = f" Did you mean {near[0]!r}?" if near else ""
        wanted = ", ".join(str(a) for a in args)
        raise ConfigError(f"{where} must be one of {wanted}; got {value!r}.{hint_text}")
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if isinstance(value, Mapping):
            return from_mapping(hint, value, where=where)
        raise ConfigError(f"{where} must be a table; got {value!r}.")
    if origin in (tuple, list) and isinstance(value, list):
        made = [_value(args[0], x, f"{where}[{i}]") for i, x in enumerate(value)]
        return tuple(made) if origin is tuple else made
    if origin in (dict, Mapping) or getattr(origin, "__name__", "") == "Mapping":
        if isinstance(value, Mapping):
            return {k: _value(args[1], x, _join(where, k)) for k, x in value.items()}
        raise ConfigError(f"{where} must be a table; got {value!r}.")
    return _plain(hint, value, where)


def _first_that_fits(hints: list[Any], value: Any, where: str) -> Any:
    error = None
    for hint in hints:
        try:
            return _value(hint, value, where)
        except ConfigError as found:
            error = error or found
    raise error or ConfigError(f"{where} must be absent; got {value!r}.")


WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def _plain(hint: Any, value: Any, where: str) -> Any:
    is_bool = isinstance(value, bool)
    if hint is Any:
        return value
    if hint is Path and isinstance(value, str):
        return Path(value)
    if hint is float and isinstance(value, int | float) and not is_bool:
        return float(value)
    if hint in WORDS and isinstance(value, hint) and (hint is bool) == is_bool:
        return value
    wanted = WORDS.get(hint) or ("a path" if hint is Path else "a list")
    raise ConfigError(f"{where} must be {wanted}; got {value!r}.")


def to_toml(config: Any) -> str:
    """Write a dataclass as TOML that `load_config` reads back to an equal one.

    Args:
        config: a dataclass; fields that are None are left out.

    Returns:
        The text, plain keys before tables.

    Raises:
        ConfigError: a value has no form in TOML.

    >>> Embed = dataclasses.make_dataclass("Embed", [("dim", int), ("name", str, "complex")])
    >>> print(to_toml(Embed(dim=64)), end="")
    dim = 64
    name = "complex"
    """
    return "\n".join(_tables(_fields(config), "")).lstrip("\n") + "\n"


def _fields(config: Any) -> dict[str, Any]:
    return {f.name: getattr(config, f.name) for f in dataclasses.fields(config) if f.init}


def _tables(values: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield the lines of one table and, after them, of the tables within it."""
    inner: dict[str, Mapping[str, Any]] = {}
    for key, value in values.items():
        if dataclasses.is_dataclass(value):
            inner[key] = _fields(value)
        elif isinstance(value, Mapping):
            inner[key] = value
        elif value is not None:
            yield f"{_key(key)} = {_toml(value, _join(where, key))}"
    for key, table in inner.items():
        name = _join(where, _key(key))
        yield f"\n[{name}]"
        yield from _tables(table, name)


def _key(key: str) -> str:
    is_bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if is_bare else _quoted(key)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | Path):
        return _quoted(str(value))
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(x, where) for x in value) + "]"
    if dataclasses.is_dataclass(value) or isinstance(value, Mapping):
        table = value if isinstance(value, Mapping) else _fields(value)
        pairs = (f"{_key(k)} = {_toml(x, where)}" for k, x in table.items() if x is not None)
        return "{" + ", ".join(pairs) + "}"
    raise ConfigError(
        f"{where} must be a text, a number, true, false, a list or a table to be written as "
        f"TOML; got {type(value).__name__}."
    )
