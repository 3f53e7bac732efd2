import pytest

from lichen.base.errors import DataError
from lichen.data.atlas import factbook
from lichen.data.atlas.factbook import Entry, read_entries


def test_all_entries_are_read_in_order():
    entries = read_entries()
    assert len(entries) == 256
    assert [entry.code for entry in entries] == sorted(entry.code for entry in entries)
    austria = next(entry for entry in entries if entry.code == "au")
    assert austria.get("Government/Capital/name") == "Vienna"
    assert austria.get("Geography/Area/total") == "83,871 sq km"
    assert austria.get("no such field") == ""


def test_fields_below_a_path():
    entry = Entry("xx", {"a/b": "1", "a/c/d": "2", "ab": "3"})
    assert entry.under("a") == {"b": "1", "c/d": "2"}
    assert entry.source("a/b") == ("factbook:xx#a/b", "1")


def test_a_field_that_is_no_text_is_refused():
    with pytest.raises(DataError, match=r"'a/b': expected text or a table of fields, got list"):
        list(factbook._flatten({"a": {"b": []}}, ""))
