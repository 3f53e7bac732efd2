"""Files into the store: provenance by line, actions, bad lines, and a kill in the middle."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import textwrap
from datetime import date

import pytest

from lichen.base.errors import DataError
from lichen.data.graph import Source
from lichen.store import Store, import_file


@pytest.fixture
def store():
    with Store.open(":memory:") as opened:
        yield opened


def write(folder, name, text):
    path = folder / name
    path.write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")
    return path


def test_a_line_is_the_source_of_its_fact(store, tmp_path):
    path = write(
        tmp_path, "kg.tsv", "Vienna\tcapital_of\tAustria\n\nDanube\tflows_through\tVienna\n"
    )
    report = import_file(store, path)
    assert (report.new, report.known, report.bad, report.version) == (2, 0, 0, 1)
    assert [f.sources for f in store.facts()] == [(Source("kg.tsv:1"),), (Source("kg.tsv:3"),)]
    again = import_file(store, path)
    assert (again.new, again.known, again.version) == (0, 2, 1)


def test_a_table_with_all_columns(store, tmp_path):
    path = write(
        tmp_path,
        "facts.csv",
        """
        Head,Relation,Tail,Source,Text,Confidence,Valid_From,Valid_To,Action
        Bonn,capital_of,Germany,book,"Bonn, the capital",0.9,1949-05-23,1990-10-02,add
        Berlin,capital_of,Germany,,,,1990-10-03,,
        """,
    )
    import_file(store, path, source=("my list", ""))
    bonn, berlin = store.facts()
    assert bonn.sources == (Source("book", "Bonn, the capital"),)
    assert (bonn.confidence, bonn.valid_from) == (0.9, date(1949, 5, 23))
    assert berlin.sources == (Source("my list"),)
    assert (berlin.confidence, berlin.valid_to) == (1.0, None)


def test_actions_happen_in_order(store, tmp_path):
    store.insert("Austria", "capital", "Graz")
    store.insert("Austria", "capital", "Linz")
    path = write(
        tmp_path,
        "fix.csv",
        """
        head,relation,tail,action
        Austria,capital,Vienna,replace
        Danube,flows_through,Graz,add
        Danube,flows_through,Graz,retract
        Peru,capital,Lima,replace
        """,
    )
    report = import_file(store, path)
    assert [f[:3] for f in store.facts()] == [
        ("Austria", "capital", "Vienna"),
        ("Peru", "capital", "Lima"),
    ]
    assert (report.new, report.retracted, report.version) == (3, 3, 3)


def test_a_replacement_that_is_there_already_stays(store, tmp_path):
    store.insert("Austria", "capital", "Vienna", source=("old", ""))
    path = write(tmp_path, "fix.csv", "h,r,t,action\nAustria,capital,Vienna,replace\n")
    assert import_file(store, path).retracted == 0
    assert len(store.facts()[0].sources) == 2


def test_json_lines_with_entities_literals_and_actions(store, tmp_path):
    records = [
        {"head": "Vienna", "relation": "capital_of", "tail": "Austria", "source": "book"},
        {"entity": "Austria", "types": ["country"], "names": {"zh": ["奥地利"]}},
        {"entity": "Austria", "attribute": "area", "value": 83871, "unit": "km2", "year": 2021},
        {"h": "Graz", "r": "in", "t": "Austria", "confidence": 0.5, "text": "Graz is ..."},
        {"head": "Vienna", "relation": "capital_of", "tail": "Austria", "action": "retract"},
    ]
    path = tmp_path / "facts.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(json.dumps(r) for r in records))
    report = import_file(store, path)
    assert (report.new, report.retracted, report.bad) == (3, 1, 0)
    graph = store.snapshot()
    austria = graph.entities.id("Austria")
    assert graph.names_of(austria) == ("Austria", "奥地利")
    assert graph.types_of(austria) == ("country",)
    assert graph.literals[0].value == 83871
    (fact,) = store.facts()
    assert fact.confidence == 0.5
    assert fact.sources == (Source("facts.jsonl.gz:4", "Graz is ..."),)


def test_a_saved_graph_keeps_its_numbered_sources(store, tmp_path):
    store.insert("Vienna", "capital_of", "Austria", source=("book p. 3", "Vienna is ..."))
    path = store.snapshot().save(tmp_path / "graph.jsonl")
    with Store.open(":memory:") as other:
        report = import_file(other, path)
        assert report.new == 1
        assert other.facts()[0].sources == (Source("book p. 3", "Vienna is ..."),)


def test_a_graph_file_without_lines_has_the_file_as_source(store, tmp_path):
    path = write(tmp_path, "kg.nt", "<http://x/a> <http://x/r> <http://x/b> .\n")
    pytest.importorskip("pyoxigraph")
    assert import_file(store, path).new == 1
    assert store.facts()[0].sources == (Source("kg.nt"),)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,r", "expected 6 comma-separated fields"),
        ("a,r,b,2,,", "expected a confidence above 0 and at most 1, found '2'"),
        ("a,r,b,high,,", "expected a confidence above 0 and at most 1, found 'high'"),
        ("a,r,b,,2020-13-01,", "expected a day such as 2020-12-31, found '2020-13-01'"),
        ("a,r,b,,,destroy", "expected an action among add, retract, replace, found 'destroy'"),
        ("a,r,b,,,retract", "expected a fact to retract: entity must be one of"),
    ],
)
def test_a_bad_line_stops_the_import_and_leaves_nothing(store, tmp_path, row, message):
    text = f"head,relation,tail,confidence,valid_from,action\nx,r,y,,,\n{row}\n"
    path = write(tmp_path, "facts.csv", text)
    with pytest.raises(DataError, match=f"facts.csv:3: {message}.* pass --on-bad-line skip"):
        import_file(store, path)
    assert store.counts().facts == 0
    assert store.version == 0
    report = import_file(store, path, on_bad_line="skip")
    assert (report.new, report.bad) == (1, 1)
    assert f"facts.csv:3: {message}" in report.first_bad


def test_bad_json_lines_are_counted_once(store, tmp_path):
    lines = [
        '{"head": "a", "relation": "r", "tail": "b"}',
        "not json",
        '{"head": "a", "relation": "r"}',
        '{"head": "a", "relation": "r", "tail": "c", "confidence": -1}',
        '{"h": "a", "r": "r", "t": "d", "valid_from": "2001-01-01", "valid_to": "2000-01-01"}',
    ]
    path = write(tmp_path, "facts.jsonl", "\n".join(lines))
    report = import_file(store, path, on_bad_line="skip")
    assert (report.new, report.bad) == (1, 4)
    with pytest.raises(DataError, match=r"facts.jsonl:2: expected a JSON object"):
        import_file(store, path)


def test_places_that_are_not_there(store, tmp_path):
    with pytest.raises(DataError, match="must be a file or a folder"):
        import_file(store, tmp_path / "none.tsv")


KILLED = """
import os, signal, sys
from lichen.store import Store, imports

add = imports._add

def add_and_die(writer, rows, *rest):
    add(writer, rows, *rest)
    os.kill(os.getpid(), signal.SIGKILL)

imports._add = add_and_die
imports.import_file(Store.open(sys.argv[1]), sys.argv[2])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a kill that cannot be caught")
def test_a_killed_import_leaves_nothing(tmp_path):
    path = tmp_path / "facts.db"
    rows = "".join(f"entity {i}\tr\tentity {i + 1}\n" for i in range(20_000))
    write(tmp_path, "kg.tsv", rows)
    with Store.open(path) as store:
        store.insert("a", "r", "b")
    command = [sys.executable, "-c", KILLED, str(path), str(tmp_path / "kg.tsv")]
    done = subprocess.run(command, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    with Store.open(path) as store:
        assert store.counts() == (2, 1, 1, 0, 0, 0)
        assert store.version == 1
        assert import_file(store, tmp_path / "kg.tsv").new == 20_000
