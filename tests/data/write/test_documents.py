import pytest

from lichen.base.errors import DataError
from lichen.data.corpus import Candidate, Corpus, Document, Mention, Span
from lichen.data.read import read_corpus
from lichen.data.write import write_corpus


def corpus(*documents):
    return Corpus(tuple(documents))


def test_partly_labelled_corpus_comes_back(tmp_path):
    mixed = corpus(Document(id="1", text="a", label="x"), Document(id="2", text="b"))
    assert read_corpus(write_corpus(mixed, tmp_path / "c.csv")) == mixed
    assert read_corpus(write_corpus(mixed, tmp_path / "c.jsonl")) == mixed


def test_uneven_meta_is_refused_by_csv(tmp_path):
    mixed = corpus(Document(id="1", text="a", meta={"k": "v"}), Document(id="2", text="b"))
    with pytest.raises(DataError, match=r"same keys of meta .* '2' has none"):
        write_corpus(mixed, tmp_path / "c.csv")
    even = corpus(Document(id="1", text="a", meta={"k": "v"}))
    assert read_corpus(write_corpus(even, tmp_path / "c.csv")) == even


@pytest.mark.parametrize("id_", ["../up", "/root", "a//b", ".", "a\0", "a:b", "x" * 300])
def test_ids_that_are_no_file_names(tmp_path, id_):
    with pytest.raises(DataError, match="ids must be file names to be saved as a folder"):
        write_corpus(corpus(Document(id=id_, text="a")), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_what_is_lost_is_said(tmp_path, caplog):
    doc = Document(id="1", text="ab", label="x", mentions=(Mention(Span(0, 1), 3),))
    write_corpus(corpus(doc), tmp_path / "c.csv")
    assert "does not keep the documents' mentions. Save as .jsonl" in caplog.text
    caplog.clear()
    write_corpus(corpus(doc), tmp_path / "folder")
    assert "the documents' label, mentions." in caplog.text


def test_score_that_is_not_finite(tmp_path):
    mention = Mention(Span(0, 1), 3, (Candidate(3, float("nan")),))
    with pytest.raises(DataError, match="scores of candidates must be finite"):
        write_corpus(corpus(Document(id="1", text="ab", mentions=(mention,))), tmp_path / "c.jsonl")
    assert list(tmp_path.iterdir()) == []
