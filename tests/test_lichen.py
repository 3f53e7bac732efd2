"""The public names."""

import subprocess
import sys

import pytest

import lichen as li
from lichen import _HOMES


def test_every_public_name_loads_from_its_home():
    assert sorted(_HOMES) == list(li.__all__) == sorted(li.__all__)
    for name, home in _HOMES.items():
        assert getattr(li, name).__module__.startswith(home.rpartition(".")[0]) or name in dir(li)


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'Grpah'"):
        li.Grpah  # noqa: B018 - the look-up is what is tested


def test_the_layers_without_torch_import_without_torch():
    code = (
        "import sys\n"
        "import lichen.data, lichen.data.read, lichen.data.write, lichen.store.store\n"
        "import lichen.evaluation.paired, lichen.linking.linker, lichen.cli.main\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
