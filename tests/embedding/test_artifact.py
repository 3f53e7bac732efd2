import json
import re

import pytest
import torch

from lichen.base.errors import ArtifactError, ConfigError, LichenError
from lichen.embedding.artifact import read_artifact, write_artifact


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "artifact"
    write_artifact(
        path,
        kind="toy",
        tensors={"x": torch.arange(6.0).reshape(2, 3).T},
        documents={"labels": ["水", "water"]},
    )
    return path


def test_what_was_written_comes_back(folder):
    tensors, documents = read_artifact(folder, kind="toy")
    assert tensors["x"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert documents == {"labels": ["水", "water"]}


def test_a_missing_file_is_named(folder):
    (folder / "labels.json").unlink()
    with pytest.raises(ArtifactError, match=r"labels\.json: lichen\.json lists this file"):
        read_artifact(folder, kind="toy")


@pytest.mark.parametrize("too_long", ["tensors", "documents"])
def test_a_full_disk_is_told_in_one_line_and_the_one_before_stays(folder, too_long, disk_limit):
    new = {
        "tensors": {"x": torch.zeros(5000 if too_long == "tensors" else 1)},
        "documents": {"labels": ["x" * (5000 if too_long == "documents" else 1)]},
    }
    with disk_limit(4096), pytest.raises(LichenError) as told:
        write_artifact(folder, kind="toy", **new)
    said = rf"^{folder}: must be written whole, and .*File too large.*\. Free some space or give .*"
    assert re.fullmatch(said, str(told.value))
    assert sorted(path.name for path in folder.iterdir()) == [
        "labels.json",
        "lichen.json",
        "model.safetensors",
    ]
    assert read_artifact(folder, kind="toy")[0]["x"].tolist() == [[0, 3], [1, 4], [2, 5]]
    write_artifact(folder, kind="toy", **new)
    assert read_artifact(folder, kind="toy")[1] == new["documents"]


def test_a_folder_that_cannot_be_is_told_in_one_line(tmp_path):
    (tmp_path / "file").write_text("here")
    for folder in (tmp_path / "file", tmp_path / "file" / "artifact"):
        with pytest.raises(ConfigError) as told:
            write_artifact(folder, kind="toy", tensors={}, documents={})
        assert str(told.value) == (
            f"{folder}: must be a folder or free; {tmp_path}/file is a file. Give another folder."
        )
    assert (tmp_path / "file").read_text() == "here"


def test_an_error_that_is_not_the_disks_stays_as_it_is(folder):
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_artifact(folder, kind="toy", tensors={}, documents={"labels": {1, 2}})
    assert read_artifact(folder, kind="toy")[1] == {"labels": ["水", "water"]}
    assert not (folder / ".draft").exists()


@pytest.mark.parametrize("name", ["model.safetensors", "labels.json"])
def test_a_cut_file_is_noticed(folder, name):
    path = folder / name
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ArtifactError, match=rf"{name}: must have the hash"):
        read_artifact(folder, kind="toy")


def test_an_interrupted_write_leaves_no_manifest(folder):
    (folder / "lichen.json").unlink()
    with pytest.raises(ArtifactError, match="holds no complete toy"):
        read_artifact(folder, kind="toy")


def test_another_kind_or_format_is_refused(folder):
    with pytest.raises(ArtifactError, match="must be of kind 'other' and format 1; got kind 'toy'"):
        read_artifact(folder, kind="other")
    manifest = json.loads((folder / "lichen.json").read_text())
    (folder / "lichen.json").write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(ArtifactError, match="format 99"):
        read_artifact(folder, kind="toy")
    (folder / "lichen.json").write_text('{"format": 1')
    with pytest.raises(ArtifactError, match="not a Lichen manifest"):
        read_artifact(folder, kind="toy")
