import pytest

from lichen.base.choose import choose
from lichen.base.errors import ChoiceError


def test_found():
    assert choose("fusion", "gate", {"gate": 1, "none": 2}) == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gaet", "fusion must be one of gate, none; got 'gaet'. Did you mean 'gate'?"),
        ("zzz", "fusion must be one of gate, none; got 'zzz'."),
        (["gate"], "fusion must be one of gate, none; got ['gate']. Did you mean 'gate'?"),
        (None, "fusion must be one of gate, none; got None. Did you mean 'none'?"),
    ],
)
def test_unknown(name, message):
    with pytest.raises(ChoiceError) as error:
        choose("fusion", name, {"none": 2, "gate": 1})
    assert str(error.value) == message


def test_callers_need_not_import_ours():
    with pytest.raises(ValueError, match="must be one of"):
        choose("fusion", "x", {})
