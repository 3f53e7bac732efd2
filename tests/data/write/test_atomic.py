import gzip

import pytest

from lichen.base.errors import DataError
from lichen.data.write.atomic import atomic_file, atomic_folder, atomic_text


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_old_file_stays_until_the_new_one_is_whole(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"old")

    def fail():
        with atomic_text(path) as file:
            file.write("new")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == [name]
    with atomic_text(path) as file:
        file.write("nöu\n")
        assert path.read_bytes() == b"old"
    data = path.read_bytes()
    assert (gzip.decompress(data) if name.endswith("gz") else data) == "nöu\n".encode()
    assert names(tmp_path) == [name]


def test_missing_folder(tmp_path):
    with (
        pytest.raises(DataError, match=r"a.txt: must be a place that can be written to; No such"),
        atomic_file(tmp_path / "none" / "a.txt"),
    ):
        pass


def test_half_a_character(tmp_path):
    path = tmp_path / "a.txt"
    with pytest.raises(DataError, match="half a surrogate pair"), atomic_text(path) as file:
        file.write("x\ud800")
    assert names(tmp_path) == []


def test_folder_appears_whole_or_not_at_all(tmp_path):
    place = tmp_path / "out"

    def fail():
        with atomic_folder(place) as draft:
            (draft / "a").write_text("a")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert names(tmp_path) == []
    place.mkdir()
    with atomic_folder(place) as draft:
        (draft / "a").write_text("a")
    assert names(place) == ["a"]
    with (
        pytest.raises(DataError, match="must be a new or an empty folder, found one in use"),
        atomic_folder(place),
    ):
        pass
    assert names(place) == ["a"]


def test_a_place_below_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    place = tmp_path / "file" / "new.txt"
    with pytest.raises(DataError, match="must be a place that can be written"), atomic_file(place):
        pass
