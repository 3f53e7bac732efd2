import json
import logging

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from lichen.base.errors import ChoiceError, DataError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.exchange.vectors import VECTOR_WRITERS, export

FACTS = [("New York", "lies in", "美国"), ("美国", "borders", "Canada")]


@pytest.fixture(params=[True, False], ids=["reciprocal", "plain"])
def encoder(request):
    return GraphEncoder(
        "complex", Graph.from_triples(FACTS), dim=6, seed=3, reciprocal=request.param
    )


def expected(encoder):
    table = encoder.relation_table.detach().numpy()
    arrays = {"entities": encoder.vectors().detach().numpy(), "relations": table[:2]}
    return arrays | ({"reverses": table[2:]} if encoder.reciprocal else {})


def test_npz_holds_vectors_and_labels_without_pickle(encoder, tmp_path):
    with np.load(export(encoder, tmp_path / "v.npz"), allow_pickle=False) as file:
        found = dict(file)
    assert found.pop("entity_labels").tolist() == ["New York", "美国", "Canada"]
    assert found.pop("relation_labels").tolist() == ["lies in", "borders"]
    assert found.keys() == expected(encoder).keys()
    for name, array in expected(encoder).items():
        np.testing.assert_array_equal(found[name], array)


def test_safetensors_holds_vectors_and_labels(encoder, tmp_path):
    found = load_file(export(encoder, str(tmp_path / "v.safetensors")))
    assert json.loads(found.pop("entity_labels").tobytes()) == ["New York", "美国", "Canada"]
    assert json.loads(found.pop("relation_labels").tobytes()) == ["lies in", "borders"]
    assert found.keys() == expected(encoder).keys()
    for name, array in expected(encoder).items():
        np.testing.assert_array_equal(found[name], array)


def test_parquet_holds_a_row_a_vector(encoder, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    rows = parquet.read_table(export(encoder, tmp_path / "v.parquet")).to_pylist()
    kinds = ["entity"] * 3 + ["relation"] * 2 + ["reverse"] * 2 * encoder.reciprocal
    assert [row["kind"] for row in rows] == kinds
    assert [row["label"] for row in rows[:5]] == [*encoder.entities, *encoder.relations]
    vectors = np.array([row["vector"] for row in rows], dtype=np.float32)
    np.testing.assert_array_equal(vectors, np.concatenate([*expected(encoder).values()]))


def test_word2vec_text_gives_every_number_back(encoder, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        path = export(encoder, tmp_path / "v.vec")
    said = "does not keep the encoder's relation vectors. Save as .npz or .parquet to keep all."
    assert said in caplog.text
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    assert first == "3 6"
    assert [line.split(" ")[0] for line in lines] == ["New_York", "美国", "Canada"]
    numbers = np.array([line.split(" ")[1:] for line in lines], dtype=np.float32)
    np.testing.assert_array_equal(numbers, encoder.vectors().detach().numpy())


def test_gensim_reads_word2vec_text(encoder, tmp_path):
    models = pytest.importorskip("gensim.models", reason="gensim is not installed")
    found = models.KeyedVectors.load_word2vec_format(str(export(encoder, tmp_path / "v.vec")))
    np.testing.assert_array_equal(found["Canada"], encoder.vectors(2).detach().numpy())


def test_words_that_white_space_alone_tells_apart_are_refused(tmp_path):
    graph = Graph.from_triples([("New York", "r", "New_York")])
    with pytest.raises(DataError, match=r"got 'New York' and 'New_York'\. Save as \.npz"):
        export(GraphEncoder("distmult", graph, dim=2), tmp_path / "v.vec")
    assert not list(tmp_path.iterdir())


def test_relations_may_be_wider_than_entities(tmp_path):
    encoder = GraphEncoder("distmult", Graph.from_triples(FACTS), dim=4)
    encoder.relation_table = torch.nn.Parameter(torch.arange(20.0).reshape(4, 5))
    with np.load(export(encoder, tmp_path / "v.npz")) as found:
        assert found["relations"].shape == (2, 5)
        assert found["entities"].shape == (3, 4)


def test_unknown_suffix_names_the_choices(encoder, tmp_path):
    with pytest.raises(ChoiceError, match=r"the suffix must be one of \.npz, \.parquet"):
        export(encoder, tmp_path / "v.npy")


def test_every_writer_leaves_nothing_behind_when_the_folder_is_missing(encoder, tmp_path):
    for suffix in sorted(VECTOR_WRITERS, key=lambda x: x == ".parquet"):
        if suffix == ".parquet":
            pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        with pytest.raises(DataError, match="must be a place that can be written to"):
            export(encoder, tmp_path / "none" / f"v{suffix}")
