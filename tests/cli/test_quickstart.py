"""`lichen quickstart`: its options; `make quickstart` runs the whole of it."""

import pytest
from typer.testing import CliRunner

from lichen.base.errors import ConfigError
from lichen.cli.main import app


def test_says_what_it_does_and_takes(lichen):
    shown = lichen("quickstart", "--help")
    for words in ("--out", "--full", "--json", "what the knowledge was worth"):
        assert words in shown


def test_a_folder_that_cannot_be_made_stops_it_at_once(tmp_path):
    file = tmp_path / "taken"
    file.write_text("")
    with pytest.raises(ConfigError, match="must be a folder"):
        CliRunner().invoke(app, ["quickstart", "--out", str(file)], catch_exceptions=False)
