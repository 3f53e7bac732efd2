import numpy as np
import pytest

from lichen.training.objectives.relation import RelationClassification


def test_pairs_are_those_that_a_fact_links_and_relations_share_the_target(text, windows, graph):
    objective = RelationClassification(text, windows, graph)
    batch = objective.batch(np.arange(objective.num_items), np.random.default_rng(0))
    lies, near = graph.relations.id("lies_in"), graph.relations.id("near")
    for row, (_, h, t, relations) in enumerate(objective.pairs):
        expected = {graph.relations[r] for r in relations}
        twice = graph.entities[h.entity] == "c0"
        assert expected == ({"lies_in", "near"} if twice else {"lies_in"})
        assert batch["targets"][row, lies] == pytest.approx(0.5 if twice else 1.0)
        assert batch["targets"][row, near] == pytest.approx(0.5 if twice else 0.0)
        assert batch["heads"][row].tolist() == [h.start, h.end]
        assert batch["tails"][row].tolist() == [t.start, t.end]
