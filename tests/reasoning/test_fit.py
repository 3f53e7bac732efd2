import pytest
import torch

from lichen.base.errors import ConfigError
from lichen.data.query import Branch, Query, Step
from lichen.reasoning.actions import Category, Inventory, write
from lichen.reasoning.features import PIECES_PER_TOKEN, Seen
from lichen.reasoning.fit import Example, FitConfig, Labels, fit, forbid, targets_of
from lichen.reasoning.matcher import FAR, Matcher, MatcherConfig
from lichen.reasoning.view import FactView


@pytest.fixture
def labels(lands):
    inventory = Inventory.of(FactView(lands))
    count = len(inventory.labels)
    vectors = torch.randn(count, 12, generator=torch.Generator().manual_seed(0))
    categories = torch.from_numpy(inventory.categories())
    return Labels(inventory, vectors, torch.arange(count), categories)


def examples(labels):
    index = labels.inventory.index()
    pointers = {7: labels.inventory.first_pointer}
    out = []
    for i, key in enumerate(("capital>", "borders>", "flows_through<", "currency>")):
        query = Query("select", (Branch(7, (Step.of(key),)),))
        states = torch.zeros(3, 12, dtype=torch.bfloat16)
        states[:, i] = 1.0
        seen = Seen(
            states, torch.tensor([0, 0, 1]), torch.zeros(3, PIECES_PER_TOKEN, dtype=torch.long)
        )
        out.append(Example(seen, tuple(write(query, pointers, index))))
    return out


def test_training_learns_what_it_is_shown(labels):
    torch.manual_seed(0)
    matcher = Matcher(
        MatcherConfig(text_dim=12, dim=32, dropout=0.0, token_dropout=0.0),
        len(labels.inventory.labels),
    )
    config = FitConfig(epochs=40, batch_size=4, learning_rate=1e-2, smoothing=0.0)
    losses = fit(matcher, examples(labels), labels, config)
    assert losses[-1] < 0.05 < losses[0]


def test_what_the_grammar_forbids_is_far_below(labels):
    given = examples(labels)
    targets = targets_of(given, labels.categories)
    scores = torch.zeros(len(given), targets.actions.shape[1], len(labels.inventory))
    allowed = forbid(scores, targets.allowed, targets.num_pointers, labels)
    first = labels.categories[(allowed[0, 0] > FAR / 2).nonzero().squeeze(1)]
    assert set(first.tolist()) == {int(Category.OPERATION)}
    pointed = (allowed[0, 1] > FAR / 2).nonzero().squeeze(1).tolist()
    assert pointed == [labels.inventory.first_pointer]


def test_a_time_limit_ends_training(labels):
    matcher = Matcher(MatcherConfig(text_dim=12, dim=16), len(labels.inventory.labels))
    config = FitConfig(epochs=50, limit_s=0.0)
    assert len(fit(matcher, examples(labels), labels, config)) == 1


def test_settings_out_of_range_are_refused():
    with pytest.raises(ConfigError, match=r"match\.epochs"):
        FitConfig(epochs=0)
