import json

import pytest

from lichen.base.errors import ArtifactError
from lichen.base.manifest import checked_files, write_manifest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "b.txt").write_text("")
    write_manifest(tmp_path, kind="toy", names=["a.txt", "b.txt"])
    return tmp_path


def test_whole_files_are_named(folder):
    assert checked_files(folder, kind="toy") == ["a.txt", "b.txt"]
    said = json.loads((folder / "lichen.json").read_text())
    assert said["sha256"]["b.txt"].startswith("e3b0c44298fc1c14")  # of nothing


def test_missing_and_changed_files_are_refused(folder):
    (folder / "a.txt").write_text("two")
    with pytest.raises(ArtifactError, match=r"a\.txt: must have the hash that lichen\.json gives"):
        checked_files(folder, kind="toy")
    (folder / "a.txt").unlink()
    with pytest.raises(ArtifactError, match=r"a\.txt: lichen\.json lists this file"):
        checked_files(folder, kind="toy")


def test_other_kinds_formats_and_broken_manifests_are_refused(folder):
    with pytest.raises(ArtifactError, match="must be of kind 'other' and format 1; got kind 'toy'"):
        checked_files(folder, kind="other")
    for text in ('{"format": 1', "[]", '{"format": 1, "kind": "toy", "sha256": 3}'):
        (folder / "lichen.json").write_text(text)
        with pytest.raises(ArtifactError, match="not a Lichen manifest"):
            checked_files(folder, kind="toy")
    (folder / "lichen.json").unlink()
    with pytest.raises(ArtifactError, match="holds no complete toy"):
        checked_files(folder, kind="toy")


def test_a_folder_that_cannot_be_is_one_clear_line(folder):
    (folder / "file").write_text("here")
    for name, said in (("x" * 300, "File name too long"), ("file", "no such file")):
        with pytest.raises(ArtifactError, match=f"{said}, so this folder holds no complete toy"):
            checked_files(folder / name, kind="toy")
