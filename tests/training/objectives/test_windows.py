import pytest
import torch

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus, Document, Mention, Span
from lichen.training.objectives.windows import Place, Windows, padded, span_means


def words_of(text, window):
    return text.tokenizer.convert_ids_to_tokens(window.ids.tolist())


def test_mentions_become_tokens(text, windows, graph):
    window = windows[1]
    assert words_of(text, window) == ["[CLS]", "town", "c1", "lies", "in", "l1", ".", "[SEP]"]
    assert window.places == (
        Place(2, 3, graph.entities.id("c1")),
        Place(5, 6, graph.entities.id("l1")),
    )
    assert window.words.tolist() == [-1, 0, 1, 2, 3, 4, 5, -1]


def test_long_documents_are_cut_and_nothing_is_lost(text, graph):
    doc = Document(id="a", text="c0 c1 c2 c3 c4 c5 c6", mentions=(Mention(Span(9, 11), 3),))
    found = Windows(text, Corpus((doc,)), graph, max_tokens=5)
    assert [words_of(text, w)[1:-1] for w in found.items] == [
        ["c0", "c1", "c2"],
        ["c3", "c4", "c5"],
        ["c6"],
    ]
    assert [w.places for w in found.items] == [(), (Place(1, 2, 3),), ()]


def test_a_mention_that_is_cut_in_two_and_one_of_nothing_are_left_out(text, graph):
    mentions = (Mention(Span(0, 2), None), Mention(Span(3, 11), 1))
    doc = Document(id="a", text="c0 c1 c2 c3 c4", mentions=mentions)
    found = Windows(text, Corpus((doc,)), graph, max_tokens=5)
    assert [w.places for w in found.items] == [(), ()]


def test_a_document_without_words_has_no_window(text, graph):
    assert len(Windows(text, Corpus((Document(id="a", text=" "),)), graph, max_tokens=8)) == 0


def test_a_mention_of_another_graph_is_refused(text, graph):
    doc = Document(id="a", text="c0", mentions=(Mention(Span(0, 2), 99),))
    with pytest.raises(DataError, match=r"document 'a': .* below 16.*; got 99. Link the corpus"):
        Windows(text, Corpus((doc,)), graph, max_tokens=8)


def test_rows_are_padded(windows):
    batch = padded([windows[0].ids, windows[0].ids[:3]], 0)
    assert batch["input_ids"][1].tolist() == [*windows[0].ids[:3].tolist(), 0, 0, 0, 0, 0]
    assert batch["attention_mask"].sum(1).tolist() == [8, 3]


def test_the_mean_of_a_span_is_that_of_its_tokens():
    states = torch.randn(2, 5, 3)
    found = span_means(states, torch.tensor([1, 0]), torch.tensor([[1, 3], [4, 5]]))
    assert torch.allclose(found[0], (states[1, 1] + states[1, 2]) / 2)
    assert torch.allclose(found[1], states[0, 4])
