import inspect

import pytest

from lichen.base import errors


def test_tree():
    for name, found in inspect.getmembers(errors, inspect.isclass):
        assert issubclass(found, errors.LichenError), name
        assert found.__doc__


@pytest.mark.parametrize("name", ["DataError", "ConfigError", "ShapeError", "ChoiceError"])
def test_bad_values_are_value_errors(name):
    assert issubclass(getattr(errors, name), ValueError)


def test_missing_extra_is_an_import_error():
    assert issubclass(errors.MissingExtraError, ImportError)
