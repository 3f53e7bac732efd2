import io

import pytest

from lichen.base import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_no_terminal_no_bar(capsys):
    assert list(progress.track(iter([1, 2, 3]), what="counting")) == [1, 2, 3]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("quiet_s", "is_shown"), [(0.0, True), (60.0, False)])
def test_bar_only_after_a_while(monkeypatch, quiet_s, is_shown):
    err = Terminal()
    monkeypatch.setattr("sys.stderr", err)
    monkeypatch.setattr(progress, "QUIET_S", quiet_s - 1e-9 if quiet_s == 0.0 else quiet_s)
    assert list(progress.track([1, 2], what="counting")) == [1, 2]
    assert ("counting" in err.getvalue()) is is_shown


def test_bar_stops_when_the_loop_is_left(monkeypatch):
    err = Terminal()
    monkeypatch.setattr("sys.stderr", err)
    monkeypatch.setattr(progress, "QUIET_S", -1.0)
    items = progress.track(iter(range(5)), what="counting", total=5)
    assert next(items) == 0
    items.close()
    assert "counting" in err.getvalue()
