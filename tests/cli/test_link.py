"""`lichen link`."""

import json

import lichen as li


def test_links_one_text(project, lichen):
    out = lichen(
        "link", "--text", "From Norton to Redland.", "--graph", project / "facts.tsv", "--json"
    )
    assert json.loads(out) == {"Norton": "Norton", "Redland": "Redland"}


def test_links_a_corpus(project, lichen, tmp_path):
    out = tmp_path / "linked.jsonl"
    shown = lichen(
        "link", project / "texts.csv", "--graph", project / "facts.tsv", "--out", out, "--json"
    )
    assert json.loads(shown)["mentions"] == 90
    assert all(len(doc.mentions) == 1 for doc in li.Corpus.load(out))


def test_reads_the_graph_as_the_options_say(tmp_path, lichen):
    file = tmp_path / "facts.tsv"
    file.write_text("in\tNorton\tRedland\nbroken\n")
    order = ("--columns", "relation,head,tail", "--on-bad-line", "skip")
    out = lichen("link", "--text", "From Norton.", "--graph", file, *order, "--json")
    assert json.loads(out) == {"Norton": "Norton"}
