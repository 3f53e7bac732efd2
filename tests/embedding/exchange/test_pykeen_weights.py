import pytest
import torch

from lichen.base.errors import ConfigError
from lichen.data.graph import Graph
from lichen.embedding.exchange.pykeen import from_pykeen
from lichen.embedding.exchange.pykeen_triples import to_triples_factory
from lichen.embedding.exchange.pykeen_weights import read_tucker

models = pytest.importorskip("pykeen.models", reason="pykeen is not installed")


@pytest.fixture(scope="module")
def factory():
    facts = [(x, r, y) for x, y in ("ab", "bc", "ca") for r in "pq"]
    return to_triples_factory(Graph.from_triples(facts), create_inverse_triples=True)


def test_normalisation_goes_into_the_core_of_tucker(factory):
    model = models.TuckER(triples_factory=factory, embedding_dim=4, relation_dim=3).eval()
    made = model.interaction
    with torch.no_grad():
        made.head_batch_norm.running_mean.fill_(0.5)
        made.head_relation_batch_norm.weight.fill_(3.0)
        made.head_relation_batch_norm.bias.fill_(-2.0)
    found = read_tucker(model)
    assert found.settings == {"relation_dim": 4}
    assert found.own["core"].shape == (5, 4, 5)
    assert found.entities.shape == (3, 5)
    assert (found.entities[:, -1] == 1).all()
    torch.testing.assert_close(found.own["core"][-1, -1, :-1], torch.full((4,), -2.0))
    inner = made.core_tensor.detach()
    torch.testing.assert_close(found.own["core"][:-1, :-1, :-1], 3 * inner, rtol=1e-4, atol=1e-6)
    halved = -1.5 * inner.sum(0)
    torch.testing.assert_close(found.own["core"][-1, :-1, :-1], halved, rtol=1e-4, atol=1e-4)


def test_a_conve_that_cannot_be_held_is_refused(factory):
    plain = to_triples_factory(Graph.from_triples([("a", "r", "b")]))
    with pytest.raises(ConfigError, match="inverse triples; got 1, 3 x 3 and no inverse triples"):
        from_pykeen(models.ConvE(triples_factory=plain, embedding_dim=12), plain)
    wide = models.ConvE(triples_factory=factory, embedding_dim=24, embedding_height=6)
    with pytest.raises(ConfigError, match="image of an entity must be 4 x 6; got 6 x 4"):
        from_pykeen(wide, factory)
