import shutil

import pytest
import torch

from lichen.base.errors import ConfigError, DataError, LichenError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.exchange.pykeen_folder import load_pykeen, save_pykeen

pytest.importorskip("pykeen", reason="pykeen is not installed")

PARTS = (
    "trained_model.pkl",
    "training_triples/base.pth",
    "training_triples/entity_to_id.tsv.gz",
    "training_triples/numeric_triples.tsv.gz",
    "training_triples/relation_to_id.tsv.gz",
)
DAMAGE = {
    "cut": lambda data: data[:30],
    "empty": lambda _: b"",
    "other": lambda _: b"a page that says 404\n" * 9,
    "wiped": lambda data: bytes(len(data)),
}


@pytest.fixture(scope="module")
def graph():
    names = "abcdefghi"
    return Graph.from_triples([(x, "p", names[i - 1]) for i, x in enumerate(names)])


@pytest.fixture(scope="module")
def encoder(graph):
    return GraphEncoder("complex", graph, dim=8, seed=5)


@pytest.fixture(scope="module")
def written(encoder, graph, tmp_path_factory):
    return save_pykeen(encoder, graph, tmp_path_factory.mktemp("pykeen") / "model")


@pytest.fixture
def folder(written, tmp_path):
    return shutil.copytree(written, tmp_path / "model")


def names_in(folder):
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    return [name for name in found if name != "training_triples"]


def test_folders_go_both_ways(encoder, folder):
    assert names_in(folder) == list(PARTS)
    back = load_pykeen(folder)
    assert back.entities == encoder.entities
    torch.testing.assert_close(back.score([0], [0], [2]), encoder.score([0], [0], [2]))
    (folder / "trained_model.pkl").unlink()
    with pytest.raises(DataError, match=r"trained_model\.pkl: must be there"):
        load_pykeen(folder)
    with pytest.raises(DataError, match="graph must have the encoder's labels"):
        save_pykeen(encoder, Graph.from_triples([("a", "r", "b")]), folder)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_part_is_one_clear_line(folder, part, how):
    path = folder / part
    path.write_bytes(DAMAGE[how](path.read_bytes()))
    named = folder / part.split("/")[0]
    with pytest.raises(DataError) as told:
        load_pykeen(folder)
    said = str(told.value)
    assert said.startswith(f"{named}: must be whole and of the installed version of PyKEEN; ")
    assert said.endswith(". Save or copy the folder again.")
    assert "\n" not in said


def test_a_model_of_another_version_is_one_clear_line(folder):
    path = folder / "trained_model.pkl"
    path.write_bytes(path.read_bytes().replace(b"pykeen.models", b"pykeen.m0dels"))
    with pytest.raises(DataError, match=r"installed version .*; ModuleNotFoundError: No module"):
        load_pykeen(folder)


def test_a_folder_that_cannot_be_is_refused_and_nothing_touched(encoder, graph, tmp_path):
    (tmp_path / "file").write_text("here")
    for place in (tmp_path / "file", tmp_path / "file" / "model"):
        with pytest.raises(ConfigError) as told:
            save_pykeen(encoder, graph, place)
        assert str(told.value) == (
            f"{place}: must be a folder or free; {tmp_path}/file is a file. Give another folder."
        )
    assert (tmp_path / "file").read_text() == "here"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_full_disk_is_told_and_the_one_before_stays(folder, graph, disk_limit, share):
    before = load_pykeen(folder).vectors()
    other = GraphEncoder("complex", graph, dim=8, seed=6)
    size = (folder / "trained_model.pkl").stat().st_size
    with disk_limit(int(share * size)), pytest.raises(LichenError) as told:
        save_pykeen(other, graph, folder)
    assert str(told.value).startswith(f"{folder}: must be written whole, and the disk did not")
    assert names_in(folder) == list(PARTS)
    torch.testing.assert_close(load_pykeen(folder).vectors(), before)
    after = load_pykeen(save_pykeen(other, graph, folder)).vectors()
    torch.testing.assert_close(after, other.vectors())


def test_what_is_no_graph_or_encoder_is_refused(encoder, graph, tmp_path):
    with pytest.raises(ConfigError, match="save_pykeen: graph must be of type Graph; got str"):
        save_pykeen(encoder, "facts.tsv", tmp_path / "model")
    with pytest.raises(ConfigError, match="encoder must be of type GraphEncoder; got Graph"):
        save_pykeen(graph, graph, tmp_path / "model")
    assert not (tmp_path / "model").exists()
