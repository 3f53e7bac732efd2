import gzip

import pytest

from lichen.base.errors import DataError
from lichen.data.read.lines import BadLines, plain_suffix, text_lines, whole_text


def test_numbers_blank_lines_and_byte_order_mark(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\n\n  \ntwo\rhalf\nlast")
    assert list(text_lines(path, BadLines())) == [(1, "one"), (4, "two\rhalf"), (5, "last")]


def test_invalid_utf8_names_line_byte_and_position(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("好\n".encode() + b"ab\xe9\n" + b"fine\n")
    with pytest.raises(DataError) as error:
        list(text_lines(path, BadLines()))
    assert f"{path}:2: expected UTF-8 text, found the byte 0xe9 at position 3" in str(error.value)
    bad = BadLines("skip")
    assert [line for _, line in text_lines(path, bad)] == ["好", "fine"]
    assert (bad.num_lines, bad.num_bad) == (3, 1)


def test_cut_off_gzip(tmp_path):
    path = tmp_path / "a.txt.gz"
    data = gzip.compress("".join(f"{i} {i * 7919 % 1000}\n" for i in range(3000)).encode())
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match=r"a.txt.gz:\d+: expected a whole gzip file, found one "):
        list(text_lines(path, BadLines("skip")))


def test_what_is_no_gzip(tmp_path):
    path = tmp_path / "a.txt.gz"
    path.write_text("plain")
    with pytest.raises(DataError, match="expected a whole gzip file"):
        list(text_lines(path, BadLines()))


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match="must be a readable file; No such file"):
        list(text_lines(tmp_path / "none.txt", BadLines()))


def test_unknown_policy():
    with pytest.raises(DataError, match="on_bad_line must be one of raise, skip; got 'ignore'"):
        BadLines("ignore")


def test_whole_text(tmp_path):
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress("öl".encode()))
    assert whole_text(path) == "öl"
    path.write_bytes(gzip.compress(b"a\nb\xff"))
    with pytest.raises(DataError, match=r"a.json.gz:2: expected UTF-8 text, found the byte 0xff"):
        whole_text(path)


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.tsv", ".tsv"), ("a.b.TTL.gz", ".ttl"), ("folder", ""), ("a.gz", "")]
)
def test_plain_suffix(tmp_path, name, suffix):
    assert plain_suffix(tmp_path / name) == suffix
