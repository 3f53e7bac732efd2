import pytest

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus, Document, LabelledSpan, Mention, Sample, Span
from lichen.fusion.item import unlabelled

MENTIONS = (Mention(Span(0, 3), 4),)
META = {"question": "7"}


def test_documents_and_samples_lose_what_is_asked_of_them_alone():
    spans = (LabelledSpan(Span(0, 3), "person"),)
    document = Document(
        id="1", text="ada", label="yes", mentions=MENTIONS, spans=spans, meta=META, split="test"
    )
    sample = Sample("1", "ada", MENTIONS, 1, META, spans)
    want = Sample("1", "ada", MENTIONS, None, META)
    assert unlabelled(Corpus((document,))) == unlabelled([sample]) == [want]
    assert unlabelled(one for one in (document, sample)) == [want, want]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (7, ConfigError, "samples must be of type Iterable; got int. Give a corpus"),
        (["ada"], DataError, r"samples\[0\]: must be a Sample or a Document; got str"),
        ("ada", DataError, r"samples\[0\]: must be a Sample or a Document; got str"),
        ([Sample("1", None, (), None)], DataError, "document '1': the text must be a text"),
        ([Sample("1", "ada", (Mention(Span(0, 9), 1),), None)], DataError, "must lie inside"),
        ([Sample("1", "ada", MENTIONS * 2, None)], DataError, "overlaps the one before"),
        ([Sample("1", "ada", (Mention(Span(0, 3), "ada"),), None)], DataError, "must be an id"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_line(given, error, words):
    with pytest.raises(error, match=words) as caught:
        unlabelled(given)
    assert "\n" not in str(caught.value)
