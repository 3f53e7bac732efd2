import numpy as np
import torch

from lichen.training.objectives.triple import TripleScoring


def test_questions_are_both_ends_of_each_fact_among_the_entities_of_the_batch(text, windows, graph):
    objective = TripleScoring(text, windows, graph)
    items = np.array([0, 3, 5])
    batch = objective.batch(items, np.random.default_rng(0))
    h, r, t = objective.facts[items].T
    entities = np.unique([*h, *t])
    assert entities[batch["given"]].tolist() == [*h, *t]
    assert entities[batch["targets"]].tolist() == [*t, *h]
    assert batch["relations"].tolist() == [*r, *(r + graph.num_relations)]
    said = text.tokenizer.decode(batch["input_ids"][0], skip_special_tokens=True)
    assert said.startswith(graph.entities[int(entities[0])])


def test_other_known_answers_do_not_compete(text, windows, graph):
    objective = TripleScoring(text, windows, graph)
    items = np.arange(objective.num_items)
    batch = objective.batch(items, np.random.default_rng(0))
    facts = {tuple(fact) for fact in objective.facts.tolist()}
    n = len(items)
    for row, (h, r, t) in enumerate(objective.facts[items].tolist()):
        for column in range(graph.num_entities - 1):
            assert batch["hide"][row, column] == ((h, r, column) in facts and column != t)
            assert batch["hide"][n + row, column] == ((column, r, t) in facts and column != h)


def test_the_loss_is_a_softmax_over_scores_one_by_one(text, windows, graph):
    objective = TripleScoring(text, windows, graph)
    batch = objective.batch(np.arange(4), np.random.default_rng(0))
    vectors = objective.vectors(batch)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(len(vectors)), atol=1e-5)
    each = []
    for row in range(8):
        given = vectors[batch["given"][row]]
        relation = objective.relations[batch["relations"][row]]
        scores = torch.stack([objective.scorer.score(given, relation, v) for v in vectors])
        scores = scores * objective.log_scale.exp()
        keep = ~batch["hide"][row]
        each.append(scores[keep].logsumexp(0) - scores[batch["targets"][row]])
    assert torch.allclose(objective.loss(batch), torch.stack(each).mean(), atol=1e-4)
