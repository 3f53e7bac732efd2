"""Checks that a claim must pass."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from lichen.base.errors import DataError
from lichen.data.graph import Source
from lichen.store import claims


def test_what_is_right_comes_back():
    assert claims.checked_confidence(1) == 1.0
    assert claims.checked_text("name", " a ") == " a "
    assert claims.checked_unicode("text", "") == ""
    assert claims.checked_value(3) == (3.0, None)
    assert claims.checked_value("x") == (None, "x")
    assert claims.checked_days(None, date(2000, 1, 1)) == (None, date(2000, 1, 1))
    moment = datetime(2000, 1, 1, 23, tzinfo=UTC)
    assert claims.checked_days(moment, date(2000, 1, 1)) == (date(2000, 1, 1), date(2000, 1, 1))


def test_what_is_wrong_is_named():
    with pytest.raises(DataError, match="confidence must be above 0 and at most 1; got 0"):
        claims.checked_confidence(0)
    with pytest.raises(DataError, match="name must be a text with at least one letter; got 3"):
        claims.checked_text("name", 3)
    with pytest.raises(DataError, match="text must be valid Unicode"):
        claims.checked_unicode("text", "\udc80")
    with pytest.raises(DataError, match="value must be a finite number or a text; got nan"):
        claims.checked_value(float("nan"))


def test_unknown_labels_get_the_nearest():
    assert "Did you mean 'Vienna'?" in str(claims.unknown("entity", "Viena", ["Graz", "Vienna"]))
    assert str(claims.unknown("entity", "xyz", [])) == (
        "entity must be one of the 0 in the store; got 'xyz'."
    )


def test_sources_are_pairs():
    assert claims.as_source(Source("a", "b")) == ("a", "b")
    assert claims.as_source(None) is None
