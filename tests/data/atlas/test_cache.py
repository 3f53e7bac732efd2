import json
import logging
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from lichen.base import extras
from lichen.base.errors import MissingExtraError
from lichen.data.atlas import ATLAS_VERSION, cache, load_corpus, load_graph


@pytest.fixture
def own_home(tmp_path, monkeypatch, atlas_parts):
    """Give an empty home, and builds that take no time: the parts are those built before."""
    monkeypatch.setenv("LICHEN_HOME", str(tmp_path))
    graph, corpus = atlas_parts
    monkeypatch.setattr(cache, "read_entries", lambda: ())
    monkeypatch.setattr(cache, "build_graph", lambda _entries: graph)
    monkeypatch.setattr(cache, "prose", lambda _entries: corpus)
    return tmp_path


@pytest.fixture(scope="session")
def atlas_parts():
    return load_graph(), load_corpus()


def no_build(_entries):
    raise AssertionError("the cache should have been read")


def same(a, b):
    return (
        a.entities == b.entities
        and a.relations == b.relations
        and np.array_equal(a.triples, b.triples)
        and np.array_equal(a.fact_sources, b.fact_sources)
        and (a.names, a.literals, a.sources) == (b.names, b.literals, b.sources)
        and dict(a.types) == dict(b.types)
        and dict(a.descriptions) == dict(b.descriptions)
    )


def test_what_is_read_back_is_what_was_built(own_home, monkeypatch):
    built = load_graph()
    corpus = load_corpus()
    monkeypatch.setattr(cache, "build_graph", no_build)
    assert same(load_graph(), built)
    assert load_corpus().documents == corpus.documents
    folders = [f.name for f in (own_home / "atlas").iterdir()]
    assert len(folders) == 1
    assert folders[0].startswith(f"{ATLAS_VERSION}-")


@pytest.mark.usefixtures("own_home")
def test_the_cache_loads_fast():
    load_graph()
    times = []
    for _ in range(3):
        start = time.perf_counter()
        load_graph()
        times.append(time.perf_counter() - start)
    assert min(times) < 0.5


@pytest.mark.parametrize("file", ["graph.json", "arrays.npz", "manifest.json"])
@pytest.mark.parametrize("harm", ["cut", "changed", "gone"])
def test_a_corrupt_cache_is_noticed_and_built_again(own_home, caplog, file, harm):
    built = load_graph()
    path = next((own_home / "atlas").iterdir()) / file
    content = bytearray(path.read_bytes())
    if harm == "gone":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        middle = len(content) // 2
        content[middle] ^= 1
        path.write_bytes(content)
    if (file, harm) == ("manifest.json", "changed"):
        path.write_text("[]")
    with caplog.at_level(logging.WARNING):
        again = load_graph()
    assert same(again, built)
    assert "Building Atlas again." in caplog.text
    caplog.clear()
    assert same(load_graph(), built)
    assert not caplog.records


def test_an_interrupted_build_leaves_nothing_that_is_read(own_home, monkeypatch):
    def interrupted(folder, contents):
        parts = folder.parent / ".building-dead"
        parts.mkdir(parents=True)
        (parts / "graph.json").write_bytes(contents["graph.json"])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cache, "_write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            load_graph()
    assert [f.name for f in (own_home / "atlas").iterdir()] == [".building-dead"]
    built = load_graph()
    monkeypatch.setattr(cache, "build_graph", no_build)
    assert same(load_graph(), built)


@pytest.mark.usefixtures("own_home")
def test_a_home_that_cannot_be_written_still_gives_the_graph(monkeypatch, caplog):
    def refuse(_folder, _contents):
        raise OSError("disk full")

    monkeypatch.setattr(cache, "_write", refuse)
    with caplog.at_level(logging.WARNING):
        assert load_graph().num_facts > 20_000
    assert "could not be written (disk full)" in caplog.text


def test_the_second_of_two_builders_keeps_the_good_cache_of_the_first(own_home):
    load_graph()
    folder = next((own_home / "atlas").iterdir())
    before = folder.stat().st_ino
    contents = {f.name: f.read_bytes() for f in folder.iterdir()}
    cache._write(folder, contents)
    assert folder.stat().st_ino == before
    assert [f.name for f in (own_home / "atlas").iterdir()] == [folder.name]


def test_processes_building_at_once_agree(tmp_path):
    script = (
        "from lichen.data.atlas import load_graph\n"
        "graph = load_graph()\n"
        "print(graph.num_facts, hash(graph.entities.labels) == hash(load_graph().entities.labels))"
    )
    env = {**os.environ, "LICHEN_HOME": str(tmp_path)}
    started = [
        subprocess.Popen([sys.executable, "-c", script], env=env, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[0].decode() for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert said[0] == said[1]
    assert said[0].endswith("True\n")
    (folder,) = (tmp_path / "atlas").iterdir()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["sha256"]) == {"arrays.npz", "graph.json", "corpus.json"}


def test_other_versions_have_another_folder():
    found = cache.versions()
    other = cache.folder_of({**found, "babel": "0.0"})
    assert other != cache.folder_of(found)
    assert other.parent == cache.folder_of(found).parent


def test_a_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setattr(cache, "PACKAGES", {"no-such-package-here": "no_such"})
    with pytest.raises(MissingExtraError, match=r"pip install 'lichen\[atlas\]'"):
        load_graph()
    with pytest.raises(MissingExtraError, match=r"lichen\[atlas\]"):
        extras.need("no_such_module", extra="atlas", why="Atlas")


def test_every_module_that_builds_is_in_the_digest():
    folder = Path(cache.__file__).parent
    for stem in cache._BUILDERS:
        files = [folder / f"{stem}.py", folder / f"{stem}.toml"]
        assert any(file.exists() for file in files), stem
        code = files[0].read_text(encoding="utf-8") if files[0].exists() else ""
        used = set(re.findall(r"from lichen\.data\.atlas\.(\w+) import", code))
        used |= {name.removesuffix(".toml") for name in re.findall(r"\w+\.toml", code)}
        assert used <= cache._BUILDERS, stem
