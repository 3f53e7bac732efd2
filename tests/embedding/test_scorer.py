import subprocess
import sys

import pytest
import torch

from lichen.base.errors import ChoiceError, ConfigError
from lichen.embedding import SCORERS
from lichen.embedding.scorer import START_SIZE, make_scorer


def test_names_are_known_without_torch():
    code = "import sys; from lichen.embedding import SCORERS; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_name_becomes_scorer_and_a_wrong_one_is_answered_with_the_nearest():
    assert {type(make_scorer(name, 6)).__name__.lower() for name in SCORERS} == set(SCORERS)
    with pytest.raises(ChoiceError, match=r"scorer must be one of complex, .*Did you mean 'comp"):
        make_scorer("compex", 6)


def test_settings_are_handed_on_and_shown():
    assert repr(make_scorer("rotate", 8, distance="euclidean")) == (
        "RotatE(dim=8, distance='euclidean')"
    )
    assert repr(make_scorer("distmult", 8)) == "DistMult(dim=8)"


@pytest.mark.parametrize(
    ("name", "said"),
    [("transe", "must be norm or squared"), ("distmult", "must be left out, for it has none")],
)
def test_a_setting_that_a_scorer_lacks_is_one_clear_line(name, said):
    with pytest.raises(ConfigError, match=rf"^{name}: a setting {said}; got 'nrom'\.$"):
        make_scorer(name, 8, nrom=1)
    with pytest.raises(ConfigError, match=r"^transe: squared must be true or false; got 'no'\.$"):
        make_scorer("transe", 8, norm=2, squared="no")


def test_start_vectors_are_small_and_drawn_from_the_generator():
    scorer = make_scorer("distmult", 8)
    one, again = (scorer.start_entities(1000, torch.Generator().manual_seed(0)) for _ in range(2))
    assert torch.equal(one, again)
    assert one.std().item() == pytest.approx(START_SIZE, rel=0.05)
