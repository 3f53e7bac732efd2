import sys

import pytest

from lichen.base import extras
from lichen.base.errors import MissingExtraError


def test_present():
    assert extras.need("json", extra="x", why="reading") is sys.modules["json"]


def test_absent_shows_the_install_line():
    with pytest.raises(MissingExtraError) as error:
        extras.need("no_such_package.part", extra="rdf", why="reading Turtle")
    assert str(error.value) == (
        "reading Turtle needs the package 'no_such_package', which is not installed. "
        "Run: pip install 'lichen[rdf]'"
    )


def test_broken_package_is_not_called_absent(tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import its_own_missing_part\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="its_own_missing_part") as error:
        extras.need("half_there", extra="x", why="reading")
    assert not isinstance(error.value, MissingExtraError)


def test_no_torchvision_is_fine(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda _name: None)
    extras.refuse_broken_torchvision()


def test_broken_torchvision_is_named_in_one_line(tmp_path, monkeypatch):
    (tmp_path / "torchvision.py").write_text(
        'raise RuntimeError("operator torchvision::nms does not exist\\nmore")\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    with pytest.raises(MissingExtraError) as error:
        extras.refuse_broken_torchvision()
    assert "operator torchvision::nms does not exist)" in str(error.value)
    assert "pip uninstall -y torchvision" in str(error.value)
    assert "\n" not in str(error.value)
