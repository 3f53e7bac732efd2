import os
from pathlib import Path

import numpy as np
import pytest

from lichen.base.errors import DataError
from lichen.data.builder import GraphBuilder
from lichen.data.graph import Graph
from lichen.linking.lessons import Inventory, lessons
from lichen.linking.sense_training import train_senses
from lichen.linking.senses import SenseConfig, SenseRanker
from lichen.lm.span_states import SpanStates

NAMES = ("mole", "bank", "crane", "pitch", "bat", "seal")
PAIRS = {
    "mole": ("a small burrowing animal", "a spot on the skin"),
    "bank": ("land beside a river", "a firm that lends money"),
    "crane": ("a tall wading bird", "a machine that lifts loads"),
    "pitch": ("a dark sticky substance", "how high a sound is"),
    "bat": ("a flying mammal", "a club to hit a ball with"),
    "seal": ("a sea mammal", "a stamp that closes a letter"),
}
USES = {
    "mole": ("the mole dug a tunnel", "she had a mole on her cheek"),
    "bank": ("he fished from the bank", "he owes the bank a fortune"),
    "crane": ("the crane caught a fish", "the crane hoisted the beam"),
    "pitch": ("they sealed the boat with pitch", "her voice rose in pitch"),
    "bat": ("a bat hung in the cave", "he swung the bat"),
    "seal": ("the seal ate a herring", "the seal on the envelope"),
}


@pytest.fixture(scope="module")
def taught():
    builder = GraphBuilder()
    for name in NAMES:
        for i, (about, use) in enumerate(zip(PAIRS[name], USES[name], strict=True)):
            label = f"{name}.{i}"
            builder.add_entity(label, description=f'{about}; "{use}"')
            builder.add_name(label, name)
    for name in NAMES[:3]:
        builder.add_entity(f"user {name}", description=f"one who looks after a {name}")
        builder.add_fact(f"user {name}", "uses", f"{name}.0")
    return builder.build()


@pytest.fixture
def states(packaged_text, tmp_path):
    return SpanStates(packaged_text, folder=tmp_path)


def trained(graph, states, seed=0):
    config = SenseConfig(epochs=20, learning_rate=1e-3, batch_size=8, held_out=0.2)
    ranker = SenseRanker(graph, states, config=config)
    return ranker, train_senses(ranker, lessons(graph), seed=seed)


def share_right(ranker, found):
    pairs = zip(found, ranker.scores(found), strict=True)
    return np.mean([x.candidates[int(s.argmax())] == x.entity for x, s in pairs])


def test_lessons_are_learned(taught, states):
    ranker, report = trained(taught, states)
    assert report.num_lessons + report.num_held_out == len(lessons(taught)) == 15
    assert share_right(ranker, lessons(taught)) > 0.8
    assert ranker.shares.detach().abs().sum() == 0  # no candidate heads a fact
    assert not ranker.training


def test_a_seed_gives_one_result(taught, states):
    one, two = (trained(taught, states, seed=3)[0] for _ in range(2))
    for a, b in zip(one.scores(lessons(taught)), two.scores(lessons(taught)), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (one.context_weight, one.prior_weight) == (two.context_weight, two.prior_weight)


def test_held_out_names_weigh_the_prior(taught, states):
    ranker, report = trained(taught, states)
    assert report.num_held_out > 0
    assert report.accuracy is not None
    assert 0 <= report.accuracy <= 1
    assert (ranker.context_weight, ranker.prior_weight) != (1.0, 0.0)


def test_without_held_out_names_the_weights_stay(taught, states):
    ranker = SenseRanker(taught, states, config=SenseConfig(epochs=1, held_out=0.0))
    report = train_senses(ranker, lessons(taught))
    assert report.accuracy is None
    assert report.num_held_out == 0
    assert (ranker.context_weight, ranker.prior_weight) == (1.0, 0.0)


def test_no_lessons_are_refused(taught, states):
    with pytest.raises(DataError, match="lessons must hold at least one mention"):
        train_senses(SenseRanker(taught, states), [])


def test_on_wordnet(packaged_text, tmp_path):
    """Tell the meanings of "bank" apart by what WordNet itself says of them."""
    folder = Path(os.environ.get("WORDNET") or "/usr/share/wordnet")
    if not (folder / "data.adv").is_file():
        pytest.skip("no WordNet: apt-get install wordnet-base, or set WORDNET to its folder")
    for part in ("data.adv", "index.adv"):
        (tmp_path / part).write_bytes((folder / part).read_bytes())
    graph = Graph.load(tmp_path, on_bad_line="skip")  # pointers to other parts of speech
    found = [x for x in lessons(graph, Inventory(graph)) if x.source == x.entity]
    ranker = SenseRanker(graph, SpanStates(packaged_text, folder=tmp_path))
    assert share_right(ranker, found[:60]) > np.mean([1 / len(x.candidates) for x in found[:60]])
