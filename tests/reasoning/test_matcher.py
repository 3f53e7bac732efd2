import pytest
import torch

from lichen.base.errors import ConfigError
from lichen.reasoning.actions import CONTROLS, MAX_POINTERS
from lichen.reasoning.features import PIECES_PER_TOKEN, Seen
from lichen.reasoning.matcher import Matcher, MatcherConfig, collate

LABELS = 5


def seen(tokens, seed):
    generator = torch.Generator().manual_seed(seed)
    return Seen(
        torch.randn(tokens, 12, generator=generator).bfloat16(),
        torch.tensor([0] * (tokens - 1) + [1]),
        torch.zeros(tokens, PIECES_PER_TOKEN, dtype=torch.long),
    )


@pytest.fixture
def matcher():
    torch.manual_seed(0)
    return Matcher(MatcherConfig(text_dim=12, dim=16, heads=2), LABELS).eval()


@pytest.fixture
def vectors():
    return torch.randn(LABELS, 12, generator=torch.Generator().manual_seed(1))


def test_padding_changes_no_score(matcher, vectors):
    known = torch.arange(LABELS)
    written = torch.tensor([[0, 3]])
    with torch.no_grad():
        alone = matcher.scores(matcher.remember(collate([seen(4, 0)]), vectors, known), written)
        both = matcher.remember(collate([seen(4, 0), seen(9, 1)]), vectors, known)
        padded = matcher.scores(both, written.expand(2, -1))
    assert alone.shape == (1, 3, len(CONTROLS) + LABELS + MAX_POINTERS)
    assert torch.allclose(alone[0], padded[0], atol=1e-5)


def test_a_later_action_changes_no_earlier_score(matcher, vectors):
    known = torch.arange(LABELS)
    with torch.no_grad():
        memory = matcher.remember(collate([seen(4, 0)]), vectors, known)
        one = matcher.scores(memory, torch.tensor([[0, 3]]))
        two = matcher.scores(memory, torch.tensor([[0, 4]]))
    assert torch.allclose(one[:, :2], two[:, :2], atol=1e-6)
    assert not torch.allclose(one[:, 2], two[:, 2], atol=1e-4)


def test_a_label_never_trained_is_scored_by_its_vector_alone(matcher, vectors):
    stranger = torch.full((LABELS,), LABELS)
    with torch.no_grad():
        memory = matcher.remember(collate([seen(4, 0)]), vectors, stranger)
        keys = memory.keys[len(CONTROLS) : len(CONTROLS) + LABELS]
        again = matcher.remember(collate([seen(4, 0)]), vectors.flip(0), stranger)
        flipped = again.keys[len(CONTROLS) : len(CONTROLS) + LABELS]
    assert torch.allclose(keys.flip(0), flipped, atol=1e-6)


def test_sizes_out_of_range_are_refused():
    with pytest.raises(ConfigError, match=r"matcher\.dropout"):
        MatcherConfig(dropout=1.0)
