"""The result object: headline, tables, JSON, report."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lichen.evaluation.paired import Interval
from lichen.jobs.worth import Comparison, Uplift


def comparison(twin, group, gain, low, high):
    return Comparison(
        twin=twin,
        group=group,
        num_examples=1200,
        fused=0.5 + gain,
        other=0.5,
        gain=Interval(gain, low, high),
        p_value=0.0004 if low > 0 else 0.3,
        mcnemar=(0.01, 0.02, 0.03),
    )


@pytest.fixture
def result(system):
    return Uplift(
        systems=(
            system("fused", 0.9, 0.92, 0.91),
            system("none", 0.5, 0.51, 0.49),
            system("shuffled", 0.5, 0.5, 0.5),
        ),
        comparisons=tuple(
            comparison(twin, group, 0.41, 0.38, 0.44)
            for group in ("all", "held-out fact", "removed fact")
            for twin in ("none", "shuffled")
        ),
        seeds=(0, 1, 2),
        chance=0.5,
        leaks=("held-out fact: test text is a training text: 1 of 9; e.g. 'A <b> & C'",),
        settings={"fusion": "gate"},
    )


def with_gain(result, gain, low, high):
    changed = tuple(comparison(c.twin, c.group, gain, low, high) for c in result.comparisons)
    return replace(result, comparisons=changed)


def test_headline_says_the_result(result):
    assert result.tone == "good"
    assert result.headline == (
        "Knowledge is worth 41.0 points of accuracy: 91.0% with it, 50.0% without "
        "(95% interval +38.0 to +44.0, p < 0.001; against shuffled: +41.0)."
    )


def test_headline_claims_nothing_without_a_gain(result):
    unclear = with_gain(result, 0.01, -0.02, 0.04)
    assert unclear.tone == "plain"
    assert "not shown to be worth anything" in unclear.headline
    assert "p = 0.300" in unclear.headline
    worse = with_gain(result, -0.1, -0.14, -0.06)
    assert worse.tone == "bad"
    assert worse.headline.startswith("Knowledge costs 10.0 points of accuracy: 40.0% with it")


def test_a_gain_over_one_twin_only_is_not_a_gain(result):
    first, second, *rest = result.comparisons
    mixed = (first, comparison("shuffled", "all", 0.0, -0.02, 0.02), *rest)
    assert replace(result, comparisons=mixed).tone == "plain"
    assert second.is_gain


def test_lost_mentions_are_told_only_where_there_are_some(result):
    assert "mentions lost" not in result.table()
    assert "Mentions lost" not in result.report().to_html()
    told = replace(result, lost="3 of 40 mentions come after the first 4 of their text")
    assert told.table().endswith(f"\n\nmentions lost: {told.lost}")
    assert "Mentions lost: 3 of 40 mentions come after" in told.report().to_html()
    assert told.to_json()["lost"] == told.lost


def test_test_documents_of_one_class_are_told_to_show_nothing(result):
    assert result.caveat is None
    assert "note:" not in result.table()
    told = replace(result, chance=1.0)
    assert told.table().startswith("note: all test documents are of one class, so whoever")
    assert "Note: all test documents are of one class" in told.report().to_html()
    assert json.loads(json.dumps(told.to_json()))["caveat"] == told.caveat


def test_text_holds_every_figure(result):
    shown = str(result)
    for expected in (
        "fused", "shuffled", "removed fact", "+41.0", "+38.0 to +44.0", "< 0.001", "23,000,000",
        "400,000", "12.0", "1.50", "leak guard: held-out fact", "1,200", "seed 2", "91.0",
    ):  # fmt: skip
        assert expected in shown, expected
    assert max(map(len, result.table(width=100).splitlines())) <= 100
    assert "nothing found" in replace(result, leaks=()).table()


def test_json_can_be_written_and_read(result):
    said = json.loads(json.dumps(result.to_json()))
    assert said["tone"] == "good"
    assert said["comparisons"][0]["gain"] == {"mean": 0.41, "low": 0.38, "high": 0.44}
    assert said["systems"][1]["accuracy"] == [0.5, 0.51, 0.49]
    assert said["seeds"] == [0, 1, 2]


def test_report_is_one_file_and_escapes_text(result, tmp_path):
    path = result.save_html(tmp_path / "deep" / "uplift.html")
    page = path.read_text(encoding="utf-8")
    assert page.count("<svg") == 3
    assert "A &lt;b&gt; &amp; C" in page
    for outside in ("http://", "https://", "<script", "<link", "url(h"):
        found = page.replace("http://www.w3.org", "")
        assert outside not in found, outside
    assert result.headline.split(":")[0] in page
    assert len(page) < 200_000
    assert page == path.read_text(encoding="utf-8")
    assert result.report().to_html() == page


def test_missing_comparison_is_a_key_error(result):
    assert result.of("none", group="removed fact").twin == "none"
    with pytest.raises(KeyError):
        result.of("none", group="nowhere")
