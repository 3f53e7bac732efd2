import logging

import pytest

from lichen.apps.recommend_interactions import Interactions
from lichen.base.errors import ConfigError, DataError


def rows_of(found):
    return [
        (found.users[u], found.items[i], label)
        for (u, i), label in zip(found.pairs.tolist(), found.labels.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("likes.csv", 'user,item,label\nann,"tea, green",1\nbob,mate,0\n'),
        ("likes.tsv", "ann\ttea, green\t1\nbob\tmate\t0\n"),
        ("likes.txt", "User\tItem\tLabel\nann\ttea, green\t1.0\nbob\tmate\t0\n"),
    ],
)
def test_files_are_read_with_or_without_a_header(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    found = Interactions.load(tmp_path / name)
    assert rows_of(found) == [("ann", "tea, green", 1), ("bob", "mate", 0)]


def test_a_pair_without_a_label_is_a_like_and_counts_once():
    assert rows_of(Interactions.of([("ann", "tea"), ("ann", "tea")])) == [("ann", "tea", 1)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ann\n", r"likes.tsv:1: expected 2 or 3 fields \(user, item, label\), found 1"),
        ("ann\ttea\t5\n", "likes.tsv:1: expected the label 0 or 1, found '5'"),
        ("ann\t\t1\n", "likes.tsv:1: expected text for item, found nothing"),
        ("ann\ttea\t1\nann\ttea\t0\n", "likes.tsv:2: expected one label a pair, found both"),
        ("", "must hold at least one row"),
        ("user\titem\n", "must hold at least one row"),
    ],
)
def test_a_bad_line_is_named(tmp_path, text, message):
    (tmp_path / "likes.tsv").write_text(text)
    with pytest.raises(DataError, match=message):
        Interactions.load(tmp_path / "likes.tsv")


def test_bad_lines_are_skipped_and_counted_on_request(tmp_path, caplog):
    (tmp_path / "likes.tsv").write_text("ann\ttea\nbob\n")
    with caplog.at_level(logging.WARNING):
        found = Interactions.load(tmp_path / "likes.tsv", on_bad_line="skip")
    assert len(found) == 1
    assert "skipped 1 bad of 2 lines" in caplog.text


def test_parts_are_disjoint_random_and_repeatable():
    every = Interactions.of([(f"u{i % 7}", f"i{i}", i % 2) for i in range(50)])
    parts = every.split((0.6, 0.2, 0.2), seed=3)
    assert [len(part) for part in parts] == [30, 10, 10]
    assert sorted(row for part in parts for row in rows_of(part)) == sorted(rows_of(every))
    assert rows_of(every.split((0.6, 0.2, 0.2), seed=3)[0]) == rows_of(parts[0])
    assert rows_of(every.split((0.6, 0.2, 0.2), seed=4)[0]) != rows_of(parts[0])
    with pytest.raises(ConfigError, match=r"split\.shares must be between"):
        every.split((0.9, 0.9))


def test_others_are_never_liked():
    likes = Interactions.of([("ann", "a"), ("ann", "b"), ("bob", "c"), ("bob", "a")])
    found = likes.with_others(seed=1)
    assert found.labels.tolist() == [1] * 4 + [0] * 4
    liked = {(u, i) for u, i, label in rows_of(found) if label}
    assert not liked & {(u, i) for u, i, label in rows_of(found) if not label}


def test_a_user_who_likes_everything_has_no_other():
    with pytest.raises(DataError, match="'ann' likes all 1"):
        Interactions.of([("ann", "a")]).with_others()
