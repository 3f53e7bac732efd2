import numpy as np
import pytest
import torch

from lichen.base.errors import ArtifactError, ConfigError, DataError
from lichen.data.graph import Graph
from lichen.embedding.calibrate import calibrate
from lichen.embedding.complete import complete
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.ensemble import ScorerEnsemble, _fit, _Lessons, fit_scorer_ensemble
from lichen.embedding.evaluate import evaluate

PEOPLE = 24


class Knows:
    """Scores the right answers of one relation high, and says nothing about the other."""

    def __init__(self, graph, relation, seed):
        self.entities, self.relations = graph.entities, graph.relations
        self.num_entities, self.num_relations = graph.num_entities, graph.num_relations
        draw = np.random.default_rng(seed)
        self.table = draw.normal(size=(4, PEOPLE, PEOPLE))
        for h, r, t in graph.triples:
            if r == relation:
                self.table[r, h, t] += 4
                self.table[r + 2, t, h] += 4

    def score_directed(self, entity, relation, *, out=None):
        found = torch.from_numpy(self.table[np.asarray(relation), np.asarray(entity)]).float()
        return found if out is None else out.copy_(found)

    def score_relations(self, h, t):
        return torch.from_numpy(self.table[:2, np.asarray(h), np.asarray(t)].T.copy()).float()


@pytest.fixture(scope="module")
def graph():
    draw = np.random.default_rng(0)
    facts = {
        (f"p{h}", f"r{r}", f"p{t}")
        for r in range(2)
        for h, t in draw.integers(0, PEOPLE, size=(90, 2))
    }
    facts = sorted(facts)
    draw.shuffle(facts)
    parts = {"valid": facts[:60], "test": facts[60:90]}
    return Graph.from_triples(facts[90:], splits=parts)


@pytest.fixture(scope="module")
def experts(graph):
    return [Knows(graph, 0, seed=1), Knows(graph, 1, seed=2)]


def test_the_sum_is_weighed_by_directed_relation(experts):
    weights = torch.tensor([[1.0, 0.0], [0.5, 2.0], [0.0, 3.0], [1.0, 1.0]])
    ensemble = ScorerEnsemble(experts, weights)
    entity, relation = np.array([3, 5]), np.array([1, 0])
    first, second = (x.score_directed(entity, relation) for x in experts)
    memory = torch.empty_like(first)
    found = ensemble.score_directed(entity, relation, out=memory)
    torch.testing.assert_close(found, torch.stack([0.5 * first[0] + 2 * second[0], first[1]]))
    assert found.data_ptr() == memory.data_ptr()
    one, two = (x.score_relations(entity, relation) for x in experts)
    expected = one * torch.tensor([1.0, 0.5]) + two * torch.tensor([0.0, 2.0])
    torch.testing.assert_close(ensemble.score_relations(entity, relation), expected)


def test_each_relation_trusts_the_member_that_knows_it(graph, experts):
    ensemble = fit_scorer_ensemble(experts, graph)
    share = ensemble.weights / ensemble.weights.sum(1, keepdim=True)
    assert share[[0, 2], 0].min() > 0.8
    assert share[[1, 3], 1].min() > 0.8
    alone = max(evaluate(x, graph).both.mrr for x in experts)
    equal = evaluate(ScorerEnsemble(experts, torch.ones(4, 2)), graph).both.mrr
    together = evaluate(ensemble, graph).both.mrr
    assert together > equal + 0.05
    assert together > alone + 0.3


def test_a_strong_ridge_gives_one_weight_a_member(graph, experts):
    weights = fit_scorer_ensemble(experts, graph, ridge=1e6).weights
    torch.testing.assert_close(weights, weights[:1].expand_as(weights), rtol=1e-3, atol=1e-3)


def test_weights_are_those_of_the_greatest_likelihood():
    """Against a fine grid, on one relation and one member."""
    draw = torch.Generator().manual_seed(0)
    scores = torch.randn(200, 6, 1, generator=draw)
    scores[:, 0] += 1.0
    lessons = _Lessons(torch.zeros(200, dtype=torch.long), scores, torch.zeros(200, 6))
    (found,) = _fit(lessons, 1, ridge=1e-9).flatten().tolist()
    grid = torch.linspace(0.0, 3.0, 3001)
    likely = [(w * scores[..., 0]).log_softmax(1)[:, 0].sum().item() for w in grid]
    assert found == pytest.approx(grid[int(np.argmax(likely))].item(), abs=2e-3)


def test_predictions_and_probabilities_work_as_for_one_encoder(graph, experts):
    ensemble = fit_scorer_ensemble(experts, graph)
    told = complete(ensemble, "p1", "r0", None, graph=graph, calibrator=calibrate(ensemble, graph))
    assert len(told) == 10
    assert all(0 <= p.probability <= 1 for p in told)


def test_it_comes_back_from_its_folder(graph, tmp_path):
    members = [GraphEncoder("complex", graph, dim=8), GraphEncoder("transe", graph, dim=4, norm=2)]
    ensemble = fit_scorer_ensemble(members, graph)
    back = ScorerEnsemble.load(ensemble.save(tmp_path / "both"))
    asked = (np.array([0, 1]), np.array([0, 3]))
    assert torch.equal(back.score_directed(*asked), ensemble.score_directed(*asked))
    (tmp_path / "both" / "member-1" / "model.safetensors").unlink()
    with pytest.raises(ArtifactError, match="member-1"):
        ScorerEnsemble.load(tmp_path / "both")


def test_what_cannot_be_weighed_is_refused(graph, experts, tmp_path):
    with pytest.raises(DataError, match="members must hold at least one"):
        fit_scorer_ensemble([], graph)
    with pytest.raises(ConfigError, match="ridge must be above 0; got 0"):
        fit_scorer_ensemble(experts, graph, ridge=0)
    other = GraphEncoder("distmult", Graph.from_triples([("a", "r", "b")]), dim=4)
    with pytest.raises(DataError, match="members must be trained on one graph"):
        fit_scorer_ensemble([*experts, other], graph)
    with pytest.raises(ConfigError, match="member 0 is a Knows"):
        ScorerEnsemble(experts, torch.ones(4, 2)).save(tmp_path)
