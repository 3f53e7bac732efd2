import json

import numpy as np
import pytest

from lichen.base.errors import DataError
from lichen.data.graph import Graph
from lichen.data.write import write_graph


def test_the_folder_is_what_others_can_read(lands, tmp_path):
    folder = write_graph(lands, tmp_path / "g.lichen")
    np.testing.assert_array_equal(np.load(folder / "triples.npy"), lands.triples)
    assert json.loads((folder / "entities.json").read_text()) == list(lands.entities)
    said = json.loads((folder / "lichen.json").read_text())
    assert (said["kind"], said["format"]) == ("graph", 1)
    assert said["sha256"].keys() == {path.name for path in folder.iterdir()} - {"lichen.json"}


def test_a_folder_in_use_and_broken_texts_are_refused(tmp_path):
    graph = Graph.from_triples([("a", "r", "b")])
    write_graph(graph, tmp_path / "g.lichen")
    with pytest.raises(DataError, match="must be a new or an empty folder"):
        write_graph(graph, tmp_path / "g.lichen")
    broken = Graph.from_triples([("a\ud800", "r", "b")])
    with pytest.raises(DataError, match="texts must be valid Unicode"):
        write_graph(broken, tmp_path / "h.lichen")
    assert [path.name for path in tmp_path.iterdir()] == ["g.lichen"]
