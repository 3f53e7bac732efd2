import numpy as np
import pytest

from lichen.base.errors import DataError, ShapeError
from lichen.data.corpus import Corpus, Document, LabelledSpan, Mention, Span


def doc(id_, text="Vienna lies on the Danube", **fields):
    return Document(id=id_, text=text, **fields)


@pytest.mark.parametrize("label", [float("nan"), "", " ", 1])
def test_labels_that_are_no_text_are_refused(label):
    with pytest.raises(DataError, match="document 'x': the label must be a text that is not blank"):
        doc("x", label=label)


@pytest.mark.parametrize("span", [(0, 0), (3, 2), (-1, 2), (0, 99)])
def test_mentions_outside_are_refused(span):
    with pytest.raises(DataError, match="document 'x': mentions must lie inside the 25 characters"):
        doc("x", mentions=(Mention(Span(*span), 1),))


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([(0, 8), (5, 12)], "(5, 12) overlaps the one before, (0, 8). Keep one of the two."),
        ([(0, 8), (0, 8)], "(0, 8) overlaps the one before, (0, 8). Keep one of the two."),
        ([(5, 12), (0, 5)], "(0, 5) comes after (5, 12). Sort them by position."),
    ],
)
def test_mentions_and_spans_that_overlap_or_are_not_in_order_are_refused(spans, said):
    for what, found in (
        ("mentions", {"mentions": tuple(Mention(Span(*span), 1) for span in spans)}),
        ("labelled spans", {"spans": tuple(LabelledSpan(Span(*span), "a") for span in spans)}),
    ):
        with pytest.raises(DataError) as caught:
            doc("x", **found)
        wanted = f"document 'x': {what} must lie in order and not overlap; {said}"
        assert str(caught.value) == wanted


@pytest.mark.parametrize("entity", [-1, -7, 1.5, "Norton", True, np.int64(-1), np.False_])
def test_entities_that_are_no_ids_are_refused(entity):
    with pytest.raises(DataError, match=r"the entity of mention \(0, 6\) must be an id from 0, or"):
        doc("x", mentions=(Mention(Span(0, 6), entity),))
    assert doc("x", mentions=(Mention(Span(0, 6), np.int32(3)),)).mentions[0].entity == 3


@pytest.mark.parametrize("mention", [(0, 4, 1), Mention((0, 4), 1), Mention(Span(0.0, 4.0), 1)])
def test_what_is_not_made_as_a_mention_is_refused(mention):
    with pytest.raises(DataError) as caught:
        doc("x", mentions=(mention,))
    assert str(caught.value) == (
        "document 'x': each mention must be Mention(Span(start, end), entity), start and end whole "
        f"numbers; got {mention!r}. Make it so."
    )


@pytest.mark.parametrize("span", [(0, 4, "a"), LabelledSpan((0, 4), "a")])
def test_what_is_not_made_as_a_labelled_span_is_refused(span):
    with pytest.raises(DataError, match=r"'x': each span must be LabelledSpan\(Span\(start, end\)"):
        doc("x", spans=(span,))


def test_a_text_that_is_none_is_refused():
    with pytest.raises(DataError, match="document 'x': the text must be a text; got None"):
        doc("x", None)


def test_offsets_count_characters_of_any_script():
    text = "🏔️ 奥地利 النمسا"
    start = text.index("奥")
    found = doc("x", text, mentions=(Mention(Span(start, start + 3), 0),))
    span = found.mentions[0].span
    assert found.text[span.start : span.end] == "奥地利"


def test_splits():
    corpus = Corpus((doc("1", split="train"), doc("2", split="test"), doc("3")))
    assert [d.id for d in corpus.test] == ["2"]
    with pytest.raises(DataError, match=r"the corpus's splits \(test, train\); got 'valid'"):
        _ = corpus.valid
    with pytest.raises(DataError) as caught:
        _ = Corpus((doc("1"),)).train
    assert str(caught.value) == (
        "split must be one of the corpus's splits (none); got 'train'. Give the documents that "
        "belong to it split='train', or a file's lines a key 'split'."
    )


def test_samples_and_labels():
    corpus = Corpus((doc("1", label="b"), doc("2", label="a"), doc("3")))
    labels = corpus.labels()
    assert labels.labels == ("a", "b")
    assert [s.label for s in corpus.samples(labels)] == [1, 0, None]


def test_with_mentions():
    corpus = Corpus((doc("1"), doc("2")))
    linked = corpus.with_mentions([(Mention(Span(0, 6), 3),), ()])
    assert linked[0].mentions[0].entity == 3
    assert corpus[0].mentions == ()
    with pytest.raises(ShapeError, match="each of the 2 documents; got 1"):
        corpus.with_mentions([()])


def test_text_with_no_mention_and_a_million_characters():
    long = doc("x", "a" * 1_000_000, mentions=(Mention(Span(999_999, 1_000_000), None),))
    assert long.mentions[0].entity is None
    assert Corpus((long,)).samples(Corpus((long,)).labels())[0].label is None
