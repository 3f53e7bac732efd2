"""A store with two facts."""

from __future__ import annotations

import pytest

from lichen.store import Store


@pytest.fixture
def store():
    with Store.open(":memory:") as opened:
        opened.insert("Vienna", "capital_of", "Austria", source=("a", "Vienna is the capital."))
        opened.insert("Danube", "flows_through", "Vienna", source=("b", ""))
        yield opened
