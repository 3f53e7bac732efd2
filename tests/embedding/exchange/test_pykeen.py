import numpy as np
import pytest
import torch

from lichen.base.errors import ChoiceError, ConfigError, DataError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import evaluate
from lichen.embedding.exchange.pykeen import from_pykeen, to_pykeen
from lichen.embedding.exchange.pykeen_triples import to_triples_factory

models = pytest.importorskip("pykeen.models", reason="pykeen is not installed")

TRAINED = {
    "TransE": {"embedding_dim": 6},
    "TransE L2": {"embedding_dim": 6, "scoring_fct_norm": 2},
    "TransE L2 squared": {"embedding_dim": 6, "scoring_fct_norm": 2, "power_norm": True},
    "DistMult": {"embedding_dim": 6},
    "ComplEx": {"embedding_dim": 6},
    "CP": {"embedding_dim": 3, "rank": 2},
    "RESCAL": {"embedding_dim": 4},
    "RotatE": {"embedding_dim": 6},
    "SimplE": {"embedding_dim": 6},
    "TuckER": {"embedding_dim": 4, "relation_dim": 3, "apply_batch_normalization": False},
    "TuckER normed": {"embedding_dim": 4, "relation_dim": 3},
    "ConvE": {"embedding_dim": 12, "output_channels": 4},
    "ConvE plain": {"embedding_dim": 20, "apply_batch_normalization": False},
}
EXPORTED = {
    "transe": {"dim": 6},
    "transe L2": {"dim": 6, "norm": 2},
    "transe L2 squared": {"dim": 6, "norm": 2, "squared": True},
    "distmult": {"dim": 6},
    "complex": {"dim": 6},
    "cp": {"dim": 6},
    "rescal": {"dim": 4},
    "rotate": {"dim": 6, "distance": "euclidean"},
    "simple": {"dim": 4},
    "tucker": {"dim": 4, "relation_dim": 3},
    "conve": {"dim": 12, "filters": 4},
}
ALWAYS_INVERSE = ("ConvE", "conve")


@pytest.fixture(scope="module")
def graph():
    names = "abcdefghi"
    facts = [(x, r, y) for i, x in enumerate(names) for r, y in (("p", names[i - 1]), ("q", "a"))]
    return Graph.from_triples(facts)


def pairs(graph):
    first = torch.arange(graph.num_entities).repeat_interleave(graph.num_relations)
    return first, torch.arange(graph.num_relations).repeat(graph.num_entities)


def assert_same_scores(encoder, model, graph):
    entity, relation = pairs(graph)
    close = {"atol": 1e-5, "rtol": 1e-5}
    with torch.no_grad():
        tails = model.predict_t(torch.stack([entity, relation], dim=1))
        heads = model.predict_h(torch.stack([relation, entity], dim=1))
        facts = torch.from_numpy(graph.triples.copy())
        one_by_one = model.predict_hrt(facts).squeeze(1)
        torch.testing.assert_close(encoder.score_tails(entity, relation), tails, **close)
        torch.testing.assert_close(encoder.score_heads(relation, entity), heads, **close)
        torch.testing.assert_close(encoder.score(*facts.T), one_by_one, **close)


def both_ways(names):
    """Give each name with and without inverse relations, where it can do without."""
    return [
        (x, is_in) for x in names for is_in in (True, False) if is_in or x[:5] not in ALWAYS_INVERSE
    ]


def as_if_trained(model):
    """Move the statistics of batch normalisation and the biases off their starts."""
    draw = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
                for x in (module.weight, module.bias, module.running_mean, module.running_var):
                    x.copy_(0.5 + torch.rand(x.shape, generator=draw))
    return model


@pytest.mark.parametrize(("name", "inverse"), both_ways(TRAINED))
def test_pykeen_models_score_the_same_here(name, inverse, graph):
    factory = to_triples_factory(graph, create_inverse_triples=inverse)
    made = getattr(models, name.split()[0])(triples_factory=factory, random_seed=1, **TRAINED[name])
    model = as_if_trained(made).eval()
    encoder = from_pykeen(model, factory)
    assert encoder.reciprocal is inverse
    assert_same_scores(encoder, model, graph)


@pytest.mark.parametrize(("name", "reciprocal"), both_ways(EXPORTED))
def test_encoders_score_the_same_there_and_come_back(name, reciprocal, graph):
    encoder = GraphEncoder(name.split()[0], graph, seed=2, reciprocal=reciprocal, **EXPORTED[name])
    as_if_trained(encoder.scorer)
    model = to_pykeen(encoder)
    assert_same_scores(encoder, model, graph)
    back = from_pykeen(model, to_triples_factory(graph))
    assert back.scorer_name == ("cp" if name == "simple" else encoder.scorer_name)
    assert_same_scores(back, model, graph)


def whole_numbers(name, graph, reciprocal):
    """Give vectors whose scores no order of adding changes, with equal scores among them."""
    encoder = GraphEncoder(name, graph, dim=4, reciprocal=reciprocal)
    draw = torch.Generator().manual_seed(6)
    with torch.no_grad():
        for table in (encoder.entity_table, encoder.relation_table):
            table.copy_(torch.randint(-2, 3, table.shape, generator=draw))
    return encoder


@pytest.mark.parametrize("reciprocal", [False, True])
@pytest.mark.parametrize("name", ["complex", "distmult", "transe"])
def test_filtered_ranks_are_those_of_pykeens_evaluator(name, reciprocal):
    evaluation = pytest.importorskip("pykeen.evaluation", reason="pykeen is not installed")
    drawn = np.random.default_rng(4).integers((30, 3, 30), size=(240, 3)).tolist()
    facts = list(dict.fromkeys((f"e{h}", f"r{r}", f"e{t}") for h, r, t in drawn))
    graph = Graph.from_triples(facts[80:], splits={"valid": facts[:30], "test": facts[30:80]})
    encoder = whole_numbers(name, graph, reciprocal)
    evaluator = evaluation.RankBasedEvaluator(filtered=True, clear_on_finalize=False)
    others = [to_triples_factory(graph, split).mapped_triples for split in ("train", "valid")]
    evaluator.evaluate(
        to_pykeen(encoder),
        to_triples_factory(graph, "test").mapped_triples,
        additional_filter_triples=others,
        batch_size=16,
        use_tqdm=False,
    )
    ranks = {key: np.concatenate(found) for key, found in evaluator.ranks.items()}
    for ties in ("optimistic", "realistic", "pessimistic"):
        found = evaluate(encoder, graph, ties=ties)
        np.testing.assert_array_equal(found.tail_ranks, ranks["tail", ties])
        np.testing.assert_array_equal(found.head_ranks, ranks["head", ties])
    assert (ranks["tail", "optimistic"] < ranks["tail", "pessimistic"]).any()


def test_what_cannot_be_held_is_refused(graph):
    factory = to_triples_factory(graph)
    cubed = models.TransE(triples_factory=factory, scoring_fct_norm=3)
    with pytest.raises(ConfigError, match="scoring_fct_norm must be 1 or 2; got 3"):
        from_pykeen(cubed, factory)
    with pytest.raises(ChoiceError, match="PyKEEN model must be one of"):
        from_pykeen(models.ConvKB(triples_factory=factory), factory)
    with pytest.raises(ConfigError, match="distance must be 'euclidean'"):
        to_pykeen(GraphEncoder("rotate", graph, dim=4))
    clamped = models.SimplE(triples_factory=factory, clamp_score=0.01)
    with pytest.raises(DataError, match="scores differ by up to"):
        from_pykeen(clamped, factory)
    with pytest.raises(DataError, match="must have the model's 9 entities and 2 relations"):
        from_pykeen(clamped, to_triples_factory(Graph.from_triples([("a", "r", "b")])))


def test_what_is_no_pykeen_model_is_refused(graph):
    factory = to_triples_factory(graph)
    with pytest.raises(ConfigError, match="from_pykeen: model must be of type Model; got dict"):
        from_pykeen({"weight": 1}, factory)
    without = models.FixedModel(triples_factory=factory)
    with pytest.raises(ChoiceError, match=r"PyKEEN model must be one of .*; got 'FixedModel'"):
        from_pykeen(without, factory)
