import json

import pytest

from lichen.base.errors import ArtifactError, ConfigError
from lichen.training.folder import RunFolder


def test_a_folder_is_one_run(tmp_path):
    folder = RunFolder(tmp_path)
    assert not folder.is_finished
    with pytest.raises(ArtifactError, match="cannot be read"):
        folder.require_same({"seed": 1})
    (tmp_path / "resolved.json").write_text(json.dumps({"seed": 1, "versions": {}}))
    folder.require_same({"seed": 1})
    with pytest.raises(ConfigError, match="another seed"):
        folder.require_same({"seed": 2})


def test_only_whole_checkpoints_are_gone_on_from(tmp_path):
    folder = RunFolder(tmp_path)
    for step, whole in ((5, True), (10, True), (15, False)):
        path = folder.checkpoints / f"checkpoint-{step}"
        path.mkdir(parents=True)
        if whole:
            (path / "trainer_state.json").write_text("{}")
    assert folder._last_checkpoint().name == "checkpoint-10"
