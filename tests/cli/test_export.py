"""`lichen export`."""

import json

import numpy as np

import lichen as li


def test_writes_the_vectors_that_embed_trained(nodes, tmp_path, lichen):
    found = json.loads(lichen("export", nodes, tmp_path / "vectors.npz", "--json"))
    encoder = li.GraphEncoder.load(nodes)
    assert found == {
        "entities": encoder.num_entities,
        "relations": encoder.num_relations,
        "out": str(tmp_path / "vectors.npz"),
    }
    with np.load(tmp_path / "vectors.npz") as arrays:
        np.testing.assert_array_equal(arrays["entities"], encoder.vectors().detach().numpy())
        assert arrays["entity_labels"].tolist() == list(encoder.entities)
