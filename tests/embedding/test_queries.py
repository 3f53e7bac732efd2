import numpy as np
import torch

from lichen.embedding.queries import Queries

FACTS = np.array([[0, 0, 1], [0, 0, 2], [2, 1, 0], [1, 0, 2]])


def as_sets(queries):
    every = torch.arange(len(queries))
    rows, answers, _ = queries.answers_of(every)
    asked = [(int(queries.entity[i]), int(queries.relation[i])) for i in every]
    found = {question: set() for question in asked}
    for row, answer in zip(rows.tolist(), answers.tolist(), strict=True):
        found[asked[row]].add(answer)
    return found


def test_every_fact_is_asked_both_ways_under_its_query():
    queries = Queries.of(FACTS, num_relations=2)
    assert as_sets(queries) == {
        (0, 0): {1, 2},
        (1, 0): {2},
        (2, 1): {0},
        (1, 2): {0},
        (2, 2): {0, 1},
        (0, 3): {2},
    }
    for number, (h, r, t) in enumerate(FACTS.tolist()):
        tails, heads = (int(queries.query_of[i]) for i in (number, number + len(FACTS)))
        assert (int(queries.entity[tails]), int(queries.relation[tails])) == (h, r)
        assert (int(queries.entity[heads]), int(queries.relation[heads])) == (t, r + 2)


def test_answers_follow_the_order_asked_and_weigh_alike_by_answer_or_by_query():
    queries = Queries.of(FACTS, num_relations=2)
    two = int(queries.query_of[0])
    one = int(queries.query_of[2])
    found = queries.answers_of(torch.tensor([one, two, one]))
    assert found.rows.tolist() == [0, 1, 1, 2]
    assert found.columns.tolist() == [0, 1, 2, 0]
    assert found.weights.tolist() == [1.0, 1.0, 1.0, 1.0]
    by_query = queries.answers_of(torch.tensor([one, two]), by_query=True)
    assert by_query.weights.tolist() == [1.0, 0.5, 0.5]
    none = queries.answers_of(torch.tensor([], dtype=torch.long))
    assert len(none.rows) == len(none.columns) == 0


def test_a_query_of_many_answers_comes_in_parts():
    facts = np.array([[0, 0, t] for t in range(5)] + [[1, 1, 0]])
    queries = Queries.of(facts, num_relations=2, most=2)
    assert as_sets(queries) == as_sets(Queries.of(facts, num_relations=2))
    parts = (queries.entity == 0) & (queries.relation == 0)
    assert queries.starts.diff()[parts].tolist() == [2, 2, 1]
    rows, columns, _ = queries.answers_of(queries.query_of[:5])
    for fact in range(5):
        assert fact in columns[rows == fact].tolist()
    every = torch.arange(len(queries))
    assert len(queries.answers_of(every).columns) == 2 * len(facts)
