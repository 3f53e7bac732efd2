import subprocess
import sys

import pytest

from lichen.base.errors import ChoiceError
from lichen.embedding import SCORERS
from lichen.embedding.scorer import make_scorer


def test_names_are_known_without_torch():
    code = "import sys; from lichen.embedding import SCORERS; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_name_becomes_scorer_and_a_wrong_one_is_answered_with_the_nearest():
    assert {type(make_scorer(name)).__name__.lower() for name in SCORERS} == set(SCORERS)
    with pytest.raises(ChoiceError, match=r"scorer must be one of complex, .*Did you mean 'comp"):
        make_scorer("compex")
