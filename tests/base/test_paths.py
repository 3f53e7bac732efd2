import pytest

from lichen.base.errors import ConfigError
from lichen.base.paths import home, require_folder


def test_one_variable_moves_everything(tmp_path, monkeypatch):
    monkeypatch.setenv("LICHEN_HOME", str(tmp_path / "a" / "b"))
    assert home() == tmp_path / "a" / "b"
    assert home().is_dir()


def test_default_is_under_the_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("LICHEN_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert home() == tmp_path / "lichen"


def test_a_file_is_no_folder_and_holds_none(tmp_path):
    (tmp_path / "file").write_text("here")
    require_folder(tmp_path)
    require_folder(tmp_path / "new" / "folder")
    for path in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(ConfigError, match=r"must be a folder or free; .*/file is a file\."):
            require_folder(path)


def test_a_name_too_long_is_no_folder(tmp_path):
    with pytest.raises(ConfigError, match=r"must be a folder or free; File name too long\. Give"):
        require_folder(tmp_path / ("x" * 300) / "nodes")
