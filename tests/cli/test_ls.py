"""`lichen ls`."""

import json

from lichen.embedding import SCORERS
from lichen.fusion import FUSIONS


def test_lists_every_method_with_its_summary(lichen):
    rows = json.loads(lichen("ls", "--json"))
    names = {(row["kind"], row["name"]) for row in rows}
    assert {("embedding", name) for name in SCORERS} <= names
    assert {("fusion", name) for name in FUSIONS} <= names
    assert all(row["summary"].endswith(".") for row in rows)
