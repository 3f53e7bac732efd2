"""The contract of every registered objective, swept over the registry."""

import numpy as np
import pytest
import torch

from lichen.base.errors import ChoiceError, DataError
from lichen.data.corpus import Corpus, Document
from lichen.data.graph import Graph
from lichen.training.objectives import OBJECTIVES
from lichen.training.objectives.objective import make_objective
from lichen.training.objectives.windows import Windows

NAMES = sorted(OBJECTIVES)


@pytest.fixture(params=NAMES)
def objective(request, text, windows, graph):
    torch.manual_seed(0)
    return make_objective(request.param, text, windows, graph)


def same(one, two):
    return one.keys() == two.keys() and all(torch.equal(one[key], two[key]) for key in one)


def test_it_says_where_it_is_from_and_what_it_needs(objective):
    assert "arXiv" in objective.PAPER
    assert objective.NEEDS


def test_a_step_draws_the_same_batch_whenever_it_is_asked(objective):
    first = [objective.draw(step, size=3, seed=1) for step in range(4)]
    again = [objective.draw(step, size=3, seed=1) for step in (3, 0, 2, 1)]
    assert same(first[3], again[0])
    assert same(first[0], again[1])
    assert not all(same(x, y) for x, y in zip(first, again, strict=True))


def test_a_pass_shows_every_item_once(objective):
    seen = []
    objective.batch = lambda items, rng: seen.extend(items.tolist())  # noqa: ARG005
    for step in range(objective.num_items):
        objective.draw(step, size=2, seed=0)
    half = objective.num_items
    assert sorted(seen[:half]) == sorted(seen[half:]) == list(range(half))
    assert seen[:half] != seen[half:]


def test_the_loss_reaches_the_language_model_and_all_own_weights(objective, text):
    objective.loss(objective.draw(0, size=6, seed=0)).backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in objective.parameters())
    assert any(bool(p.grad.abs().sum() > 0) for p in text.model.encoder.parameters())


def test_steps_lower_the_loss(objective, text):
    steps = torch.optim.Adam([*text.model.parameters(), *objective.parameters()], lr=1e-2)
    batch = objective.draw(0, size=8, seed=0)
    first = float(objective.loss(batch).detach())
    for _ in range(30):
        steps.zero_grad()
        objective.loss(batch).backward()
        steps.step()
    assert float(objective.loss(batch).detach()) < 0.5 * first


def test_the_language_model_is_not_among_its_weights(objective, text):
    own = {id(p) for p in objective.parameters()}
    assert not own & {id(p) for p in text.model.parameters()}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_learn_from_is_one_clear_line(name, text):
    graph = Graph.from_triples([], splits={"test": [("c0", "lies_in", "l0")]})
    corpus = Corpus((Document(id="a", text=" " if name == "mask" else "c0"),))
    windows = Windows(text, corpus, graph, max_tokens=8)
    said = rf"^objective '{name}': there must be at least one .*; there is none\. Give"
    with pytest.raises(DataError, match=said):
        make_objective(name, text, windows, graph)


def test_an_unknown_name_suggests_the_nearest(text, windows, graph):
    with pytest.raises(ChoiceError, match=r"got 'tripel'\. Did you mean 'triple'\?"):
        make_objective("tripel", text, windows, graph)


def test_held_out_facts_are_not_learned(text, windows, graph):
    h, r, t = graph.split("test")[0].tolist()
    triple = make_objective("triple", text, windows, graph)
    assert [h, r, t] not in triple.facts.tolist()
    assert (h, r) not in triple.known
    relation = make_objective("relation", text, windows, graph)
    assert all(head.entity != h for _, head, _, _ in relation.pairs)
    assert relation.num_items == np.unique(graph.split("train")[:, [0, 2]], axis=0).shape[0]
