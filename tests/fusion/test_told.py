"""A mention read again beside facts: whom each row sees, and against the layers run by hand."""

import pytest
import torch

from lichen.fusion.seen import takes_positions
from lichen.fusion.told import told
from lichen.lm import text_encoder

DIM = 16


@pytest.fixture(autouse=True)
def _in_full_precision(monkeypatch):
    monkeypatch.setattr(text_encoder, "has_fast_half", lambda _device: False)


def batch_of(text, owners, has, draw):
    """Give ids `(texts, 6)`, which mention each token is of, and facts where `has` says so."""
    is_fact = torch.tensor(has)
    count = is_fact.shape
    return {
        "input_ids": torch.randint(4, 15, (len(owners), 6), generator=draw),
        "attention_mask": torch.ones(len(owners), 6, dtype=torch.long),
        "mention_of": torch.tensor(owners),
        "facts": torch.where(is_fact, 0, -1).unsqueeze(-1).expand(*count, 2),
        "fact_states": torch.randn(*count, text.dim, generator=draw),
    }


OWNERS = [[-1, 0, 0, -1, 1, -1], [-1, -1, -1, 0, -1, -1], [-1, -1, -1, -1, -1, -1]]
HAS = [[[True, True, False], [True, False, False]], [[False] * 3] * 2, [[True] * 3, [False] * 3]]


@torch.no_grad()
def read(text, batch, at):
    states = text.read({k: batch[k] for k in ("input_ids", "attention_mask")}, at)
    return told(text, states, batch, at=at)


@pytest.fixture
def drawn():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("at", [1, 2])
def test_the_last_layers_by_hand(text, drawn, at):
    """One text, one mention, one fact: a plain BERT, given the three parts as one sequence."""
    batch = batch_of(text, [[-1, 0, -1, -1, -1, -1]], [[[True]]], drawn)
    found = read(text, batch, at)
    with torch.no_grad():
        out = text.model(batch["input_ids"], output_hidden_states=True)
        plain = out.hidden_states
        rows = torch.cat([plain[at][0], plain[at][0, 1:2], batch["fact_states"][0, 0]])
        sees = torch.zeros(8, 8, dtype=torch.bool)
        sees[:6, :6] = True
        sees[6, [0, 2, 3, 4, 5, 6, 7]] = True
        sees[7, [0, 5, 6, 7]] = True
        for layer in text.layers[at:]:
            own = layer.attention.self
            query, key, value = (
                part(rows).view(8, 2, 8).transpose(0, 1) for part in (own.query, own.key, own.value)
            )
            scores = (query @ key.transpose(1, 2) / 8**0.5).masked_fill(~sees, float("-inf"))
            mixed = (scores.softmax(-1) @ value).transpose(0, 1).reshape(8, DIM)
            mixed = layer.attention.output(mixed, rows)
            rows = layer.output(layer.intermediate(mixed), mixed)
    assert torch.allclose(found.plain[0], out.last_hidden_state[0], atol=1e-5)
    assert torch.allclose(found.moved[0, 0], rows[6] - rows[1], atol=1e-5)


def test_facts_move_their_own_mention_and_nothing_else(any_text, drawn):
    if not takes_positions(any_text.model):
        pytest.skip("this architecture takes no positions")
    batch = batch_of(any_text, OWNERS, HAS, drawn)
    at = any_text.num_layers - 1
    found = read(any_text, batch, at)
    with torch.no_grad():
        plain = any_text.read({k: batch[k] for k in ("input_ids", "attention_mask")})
    assert torch.allclose(found.plain, plain, atol=1e-4)
    there = found.moved.abs().amax(-1) > 1e-6
    assert there.tolist() == [[True, True], [False, False], [False, False]]
    other = {**batch, "fact_states": batch["fact_states"].clone()}
    other["fact_states"][0, 1, 0] = torch.randn(any_text.dim, generator=drawn)
    other["fact_states"][0, 0, 2] = 9.0  # no fact is there
    changed = (read(any_text, other, at).moved - found.moved).abs().amax(-1) > 1e-6
    assert changed.tolist() == [[False, True], [False, False], [False, False]]


def test_a_text_alone_and_in_a_batch_is_told_the_same(any_text, drawn):
    batch = batch_of(any_text, OWNERS, HAS, drawn)
    at = any_text.num_layers - 1
    alone = read(any_text, {k: x[:1] for k, x in batch.items()}, at)
    assert torch.allclose(read(any_text, batch, at).moved[:1], alone.moved, atol=1e-5)


def test_facts_stand_behind_their_mention_and_before_what_a_causal_model_reads_again(
    any_text, drawn, monkeypatch
):
    told_of = []
    monkeypatch.setattr(
        "lichen.fusion.told.seen_states",
        lambda _text, **given: told_of.append(given) or given["given"][1],
    )
    batch = batch_of(any_text, OWNERS[:1], HAS[:1], drawn)
    read(any_text, batch, 1)
    places = (told_of[0]["positions"][0] - any_text.first_position).tolist()
    assert places[:6] == [0, 1, 2, 3, 4, 5]
    again, facts = places[6:8], places[8:]
    if any_text.is_causal:
        assert (again, facts) == ([3, 5], [2, 2, 4, 4])
    else:
        assert (again, facts) == ([1, 4], [3, 3, 5, 5])
    sees, seen = told_of[0]["visible"][0].nonzero(as_tuple=True)
    if any_text.is_causal:
        where = torch.tensor(places)
        assert (where[sees] >= where[seen]).all()
