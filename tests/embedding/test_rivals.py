import numpy as np
import pytest
import torch

from lichen.embedding.queries import Queries
from lichen.embedding.rivals import KnownRivals


@pytest.mark.parametrize("many", [0, 3, 1000])
def test_known_answers_in_a_sample_are_found_however_many_a_query_has(many):
    draw = np.random.default_rng(0)
    facts = np.unique(draw.integers(0, (40, 2, 40), (300, 3)), axis=0)
    facts = np.concatenate([facts, [(40, 0, t) for t in range(30)]])
    queries = Queries.of(facts, num_relations=2)
    sample = torch.tensor([0, 1, 5, 17, 29, 40])
    asked = torch.from_numpy(draw.integers(0, len(queries), 90))
    found = KnownRivals(queries, 41, many=many)(asked, sample)
    for row, query in zip(found, asked.tolist(), strict=True):
        answers = queries.answers[queries.starts[query] : queries.starts[query + 1]].tolist()
        assert row.tolist() == [entity in answers for entity in sample.tolist()]
