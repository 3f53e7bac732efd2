import json

import pytest

from lichen.base.errors import ArtifactError
from lichen.training.run import read_record


def test_a_record_must_be_there_whole_and_of_this_format(tmp_path):
    with pytest.raises(ArtifactError, match="no finished run"):
        read_record(tmp_path)
    (tmp_path / "run.json").write_text("{ cut")
    with pytest.raises(ArtifactError, match="not JSON"):
        read_record(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(ArtifactError, match="must be of format 1; got 99"):
        read_record(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({"format": 1, "seed": 3}))
    assert read_record(tmp_path)["seed"] == 3
