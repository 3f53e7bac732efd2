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
