import pytest
import torch

from lichen.base.errors import ConfigError
from lichen.data.graph import Graph
from lichen.embedding.conve import ConvE
from lichen.embedding.encoder import GraphEncoder


@pytest.fixture
def scorer():
    torch.manual_seed(0)
    return ConvE(12, filters=4).eval()


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_a_bias_raises_its_entity_for_all_queries(scorer):
    h, r, entities = drawn(5, 13), drawn(5, 12), drawn(7, 13)
    before = scorer.score_tails(h, r, entities)
    entities[3, -1] += 2.0
    raised = torch.zeros(7)
    raised[3] = 2.0
    torch.testing.assert_close(scorer.score_tails(h, r, entities), before + raised)


def test_the_bias_of_the_head_is_not_read(scorer):
    h, r, entities = drawn(5, 13), drawn(5, 12), drawn(7, 13)
    other = h.clone()
    other[:, -1] += 5.0
    assert torch.equal(scorer.tail_query(h, r), scorer.tail_query(other, r))
    assert torch.equal(scorer.tail_query(h, r)[:, -1], torch.ones(5))
    assert torch.equal(scorer.implied_tail(h, r)[:, -1], torch.zeros(5))
    assert not scorer.start_entities(9, torch.Generator())[:, -1].any()
    assert scorer.start_entities(9, torch.Generator())[:, :-1].any()
    assert scorer.score_tails(h, r, entities).shape == (5, 7)


@pytest.mark.parametrize(("dim", "height"), [(6, 2), (12, 3), (200, 10), (128, 8)])
def test_images_are_as_square_as_they_can_be(dim, height):
    assert ConvE(dim, filters=1).height == height


@pytest.mark.parametrize(("dim", "near"), [(1, 6), (4, 6), (5, 6), (7, 8), (13, 14)])
def test_a_width_that_does_not_fold_is_refused_with_one_that_does(dim, near):
    with pytest.raises(ConfigError, match=rf"for conve.*got {dim}\. Use {near}\."):
        ConvE(dim)
    assert ConvE(near, filters=1).dim == near


def test_dropout_and_batch_statistics_are_of_training_only(scorer):
    h, r = drawn(6, 13), drawn(6, 12)
    assert torch.equal(scorer.tail_query(h, r), scorer.tail_query(h, r))
    scorer.train()
    assert not torch.equal(scorer.tail_query(h, r), scorer.tail_query(h, r))
    assert torch.isfinite(scorer.tail_query(h[:1], r[:1])).all()


def test_bad_settings_and_missing_reverse_relations_are_refused():
    with pytest.raises(ConfigError, match="hidden_dropout must be between"):
        ConvE(12, hidden_dropout=1.0)
    with pytest.raises(ConfigError, match="filters must be between"):
        ConvE(12, filters=0)
    graph = Graph.from_triples([("a", "next", "b")])
    with pytest.raises(ConfigError, match="reciprocal must be True for conve"):
        GraphEncoder("conve", graph, dim=12, reciprocal=False)
