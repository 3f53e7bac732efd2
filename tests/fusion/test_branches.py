import pytest
import torch
from transformers import DebertaV2Config, DebertaV2Model, MPNetConfig, MPNetModel

from lichen.base.errors import ConfigError
from lichen.data.corpus import Mention, Sample, Span
from lichen.data.graph import Graph
from lichen.fusion.batch import Batcher
from lichen.fusion.branches import Branches, grown_states, pad_grown
from lichen.fusion.selection import FactSelector
from lichen.lm.text_encoder import TextEncoder

TOWNS = ["Avonby", "Brookend", "Dunmere", "Glenfield", "Harwick", "Kelso", "Marsham", "Selby"]

# "ada knows bob": [CLS] ada knows bob [SEP], then "likes dan" of ada and "knows eve" of bob


@pytest.fixture
def branches(text):
    facts = [("ada", "likes", "dan"), ("eve", "knows", "bob")]
    graph = Graph.from_triples([*facts, ("not", "of", "the")])
    return Branches(text, FactSelector(graph))


@pytest.fixture
def grown(text, branches, samples):
    ids = branches.selector.graph.entities
    batcher = Batcher(text)
    item = batcher.items(samples[:1])[0]
    entities = [ids.id("ada"), ids.id("bob")]
    facts = branches.selector.choose("", entities)
    return branches.grow(item.tokens, item.mention_of, entities, facts), item


def test_facts_hang_from_their_mentions_in_soft_positions(grown, text):
    (ids, positions, visible, again), item = grown
    said = text.tokenizer.convert_ids_to_tokens(ids[5:].tolist())
    assert said == ["ada", "likes", "dan", "bob", "eve", "knows"]
    assert positions.tolist() == [0, 1, 2, 3, 4, 1, 2, 3, 3, 4, 5]
    sees = [set(row.nonzero().squeeze(1).tolist()) for row in visible]
    own = {0, 1, 2, 3, 4}
    assert all(sees[i] == own for i in own)
    assert sees[5] == own - {1} | {5, 6, 7}
    assert sees[8] == own - {3} | {8, 9, 10}
    assert sees[6] == sees[7] == {0, 4, 5, 6, 7}
    assert sees[9] == sees[10] == {0, 4, 8, 9, 10}
    assert again.tolist() == [0, 5, 2, 8, 4]
    assert torch.equal(ids[:5], item.tokens.ids)


def moved_by(text, land):
    """Give how far a fact, that a town is in a land, moves the state of each town."""
    graph = Graph.from_triples([(town, "in", land) for town in TOWNS])
    made = Branches(text, FactSelector(graph))
    moved = []
    for town in TOWNS:
        entity = graph.entities.id(town)
        words = f"We met in {town} last week."
        mention = Mention(Span(10, 10 + len(town)), entity)
        item = Batcher(text).items([Sample("0", words, (mention,), 0)])[0]
        facts = made.selector.choose(words, [entity])
        grown = made.grow(item.tokens, item.mention_of, [entity], facts)
        states = grown_states(text, pad_grown([grown]))[0]
        at = item.mention_of == 0
        moved.append((states[grown.again[at]] - states[: len(at)][at]).mean(0))
    return torch.stack(moved)


@torch.no_grad()
def test_a_mention_tells_one_fact_from_another():
    """Each town is told by the mean of the others, as the packaged encoder reads them."""
    text = TextEncoder.load(device="cpu")
    told = torch.stack([moved_by(text, land) for land in ("Redland", "Blueland")])
    others = (told.sum(1, keepdim=True) - told) / (len(TOWNS) - 1)
    apart = (told.unsqueeze(1) - others).norm(dim=-1)  # which land is told, whose mean, town
    assert (apart.argmin(1) == torch.tensor([[0], [1]])).all()
    assert (told[0] - told[1]).norm(dim=-1).min() > told.norm(dim=-1).mean() / 2


@torch.no_grad()
def test_a_text_without_facts_is_read_as_it_is(any_text, samples):
    samples = [samples[0], *samples[2:]]  # none longer than a window of attention
    graph = Graph.from_triples([("not", "of", "the")])
    made = Branches(any_text, FactSelector(graph))
    items = Batcher(any_text).items(samples)
    grown = [made.grow(i.tokens, i.mention_of, [], []) for i in items]
    plain = any_text.states([s.text for s in samples])
    states = grown_states(any_text, pad_grown(grown))
    assert torch.allclose(states[plain.mask], plain.states[plain.mask], atol=2e-2)
    assert not any(g.has_facts for g in grown)
    kept = made.states(grown)
    assert torch.allclose(torch.cat(kept).float(), plain.states[plain.mask], atol=2e-2)


@torch.no_grad()
def test_what_is_hidden_is_not_read(grown, text):
    """In one layer only the mention, read again, reads the fact."""
    one = TextEncoder(text.model, text.tokenizer)
    one.model.encoder.layer = one.model.encoder.layer[:1]
    found, _ = grown
    other = found.ids.clone()
    other[7] = 12
    states = [
        grown_states(one, pad_grown([found._replace(ids=ids)]))[0] for ids in (found.ids, other)
    ]
    differs = (states[0] - states[1]).abs().sum(-1) > 1e-6
    assert differs.nonzero().squeeze(1).tolist() == [5, 6, 7]


def test_models_that_go_by_the_sequence_are_refused(text, graph):
    sizes = {"vocab_size": 15, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    for model in (
        MPNetModel(MPNetConfig(**sizes)),
        DebertaV2Model(DebertaV2Config(**sizes, relative_attention=True, conv_kernel_size=3)),
    ):
        odd = TextEncoder(model, text.tokenizer, name="odd")
        with pytest.raises(ConfigError, match=f"'odd' .{type(model).__name__}. takes no positions"):
            Branches(odd, FactSelector(graph))
