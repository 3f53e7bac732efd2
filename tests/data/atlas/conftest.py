"""What the tests of single fields share: the facts one entry of the Factbook gives."""

import pytest

from lichen.data.atlas.collect import Collector
from lichen.data.atlas.factbook import Entry


@pytest.fixture
def facts_of():
    """Return (relation, shown tail) of the facts a field gives, and their collector."""

    def collect(add, path, text):
        collector = Collector()
        thing = collector.thing("country", "X")
        add(collector, Entry("xx", {path: text}), thing)
        return {(r, collector.display(t)) for _h, r, t in collector.facts()}, collector

    return collect
