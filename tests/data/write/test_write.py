import pytest

from lichen.base.errors import ChoiceError
from lichen.data.corpus import Corpus, Document
from lichen.data.graph import Graph


def test_unknown_suffix_names_the_nearest(tmp_path):
    graph = Graph.from_triples([("a", "r", "b")])
    with pytest.raises(ChoiceError, match=r"got '.jsnol'. Did you mean '.jsonl'"):
        graph.save(tmp_path / "g.jsnol")
    with pytest.raises(ChoiceError, match="the suffix must be one of"):
        Corpus((Document(id="1", text="a"),)).save(tmp_path / "c.ttl")


def test_save_returns_the_path(tmp_path):
    path = Graph.from_triples([("a", "r", "b")]).save(str(tmp_path / "g.tsv.gz"))
    assert path == tmp_path / "g.tsv.gz"
    assert Graph.load(path).num_facts == 1
