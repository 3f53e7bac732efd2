from lichen.base.paths import home


def test_one_variable_moves_everything(tmp_path, monkeypatch):
    monkeypatch.setenv("LICHEN_HOME", str(tmp_path / "a" / "b"))
    assert home() == tmp_path / "a" / "b"
    assert home().is_dir()


def test_default_is_under_the_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("LICHEN_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert home() == tmp_path / "lichen"
