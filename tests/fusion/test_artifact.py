import pytest
import torch

from lichen.base.errors import ArtifactError
from lichen.fusion.artifact import Parts, read_parts, write_parts


def test_parts_come_back_as_they_were(text, nodes, graph, tmp_path):
    tensors = {"head.weight": torch.arange(6.0).reshape(2, 3)}
    write_parts(tmp_path, Parts(text, nodes, graph, {"fusion": "neighbours"}, tensors))
    again = read_parts(tmp_path, device="cpu")
    assert again.text.fingerprint == text.fingerprint
    assert torch.equal(again.nodes.vectors(), nodes.vectors())
    assert list(again.graph.entities) == list(graph.entities)
    assert (again.graph.triples == graph.triples).all()
    assert again.config == {"fusion": "neighbours", "text": text.fingerprint}
    assert torch.equal(again.tensors["head.weight"], tensors["head.weight"])


def test_what_is_not_there_stays_away_and_a_changed_graph_is_refused(text, nodes, graph, tmp_path):
    write_parts(tmp_path / "bare", Parts(text, None, None, {}, {"x": torch.zeros(1)}))
    bare = read_parts(tmp_path / "bare", device="cpu")
    assert bare.nodes is None
    assert bare.graph is None
    write_parts(tmp_path / "whole", Parts(text, nodes, graph, {}, {"x": torch.zeros(1)}))
    cut = max((tmp_path / "whole" / "graph.lichen").iterdir(), key=lambda p: p.stat().st_size)
    cut.write_bytes(cut.read_bytes()[:-3])
    with pytest.raises(ArtifactError, match=r"graph\.lichen"):
        read_parts(tmp_path / "whole", device="cpu")
