"""Known answers against look-ups in the graph."""

import numpy as np

from lichen.embedding.known import KnownAnswers


def test_known_answers_are_the_facts(lands):
    known = KnownAnswers(lands.triples, num_relations=lands.num_relations)
    h, r, t = lands.triples.T
    tails = known.mask(h, r, num_entities=lands.num_entities)
    heads = known.mask(t, r + lands.num_relations, num_entities=lands.num_entities)
    for row, (head, relation, tail) in enumerate(lands.triples.tolist()):
        assert set(np.flatnonzero(tails[row])) == set(lands.tails(head, relation))
        assert set(np.flatnonzero(heads[row])) == set(lands.heads(relation, tail))


def test_pairs_number_the_queries_in_order(lands):
    known = KnownAnswers(lands.triples, num_relations=lands.num_relations)
    austria, borders = lands.entities.id("Austria"), lands.relations.id("borders")
    rows, answers = known.pairs(
        np.array([austria, lands.entities.id("Malta"), austria]), np.array([borders] * 3)
    )
    expected = list(lands.tails(austria, borders))
    assert rows.tolist() == [0] * len(expected) + [2] * len(expected)
    assert answers.tolist() == expected * 2


def test_no_fact_no_answer():
    known = KnownAnswers(np.empty((0, 3), dtype=np.int64), num_relations=2)
    rows, answers = known.pairs(np.array([0, 1]), np.array([0, 3]))
    assert len(rows) == len(answers) == 0
