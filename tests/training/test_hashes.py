from dataclasses import replace

import pytest

from lichen.data.corpus import Corpus
from lichen.data.graph import Name
from lichen.data.vocabulary import Vocabulary
from lichen.training.hashes import corpus_hash, digest, graph_hash


@pytest.mark.parametrize(
    "change",
    [{"text": "lower town holds l0 and more"}, {"label": "x"}, {"mentions": ()}, {"id": "other"}],
    ids=str,
)
def test_what_is_read_of_a_corpus_changes_its_hash(tiny_corpus, change):
    first, *rest = tiny_corpus.documents
    other = Corpus((replace(first, **change), *rest))
    assert corpus_hash(other) != corpus_hash(tiny_corpus)
    assert corpus_hash(Corpus(tiny_corpus.documents)) == corpus_hash(tiny_corpus)


def test_groups_count_where_they_are_asked_for(tiny_corpus):
    first, *rest = tiny_corpus.documents
    other = Corpus((replace(first, meta={"question": "1"}), *rest))
    assert corpus_hash(other) == corpus_hash(tiny_corpus)
    assert corpus_hash(other, group="question") != corpus_hash(tiny_corpus, group="question")


def test_what_is_read_of_a_graph_changes_its_hash(tiny_graph):
    labels = tiny_graph.relations.labels
    changes = (
        {"triples": tiny_graph.triples[:, [2, 1, 0]]},
        {"splits": {"train": range(1, tiny_graph.num_facts), "valid": [0]}},
        {"splits": {"train": range(1, tiny_graph.num_facts), "test": [0]}},
        {"types": {}},
        {"descriptions": {}},
        {"names": (Name(0, "another name", "en"),)},
        {"relations": Vocabulary([f"not {label}" for label in labels])},
        {"relation_texts": {0: "said otherwise"}},
    )
    found = {graph_hash(replace(tiny_graph, **change)) for change in changes}
    assert len(found | {graph_hash(tiny_graph)}) == len(changes) + 1
    assert graph_hash(replace(tiny_graph)) == graph_hash(tiny_graph)


def test_a_digest_tells_the_order_of_its_parts():
    assert digest("a", "b") != digest("b", "a")
    assert len(digest("a")) == 16
