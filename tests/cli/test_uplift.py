"""`lichen uplift`."""

import json


def test_the_facts_of_a_small_project_are_worth_something(project, finished, lichen, tmp_path):
    page = tmp_path / "report.html"
    out = lichen(
        "uplift", finished, project / "texts.csv", "--graph", project / "facts.tsv",
        "--html", page, "--json",
    )  # fmt: skip
    found = json.loads(out)
    assert len(found["seeds"]) == 3
    assert {c["twin"] for c in found["comparisons"]} == {"none", "shuffled"}
    assert "<svg" in page.read_text()
