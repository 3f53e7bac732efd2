"""Learning weights from known mentions."""

from __future__ import annotations

import pytest

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus, Document, Mention, Span
from lichen.linking import Linker
from lichen.linking.calibrate import calibrate, evidence
from lichen.linking.rank import CLUES


def corpus_of(meant):
    text = "Georgia and Berlin"
    mentions = (Mention(Span(0, 7), meant),)
    return Corpus(tuple(Document(id=str(i), text=text, mentions=mentions) for i in range(20)))


@pytest.mark.parametrize("label", ["Georgia", "Georgia (state)"])
def test_a_linker_learns_what_it_is_shown(graph, label):
    linker = Linker(graph)
    meant = graph.entities.id(label)
    weights = calibrate(linker, corpus_of(meant))
    assert linker.weights is weights
    assert weights.values.shape == (len(CLUES),)
    assert linker.mentions("Georgia and Berlin")[0].entity == meant


def test_it_learns_what_to_leave_alone(graph):
    linker = Linker(graph)
    calibrate(linker, corpus_of(None))
    assert linker.mentions("Georgia and Berlin")[0].entity is None


def test_what_is_found_beside_complete_mentions_is_nil(graph):
    linker = Linker(graph)
    corpus = corpus_of(0)
    matrices, truths = evidence(linker, corpus)
    assert len(matrices) == 20
    assert None not in truths
    matrices, truths = evidence(linker, corpus, is_complete=True)
    assert len(matrices) == 40
    assert truths.count(None) == 20


def test_nothing_to_learn_from(graph):
    with pytest.raises(DataError, match="must have documents with mentions"):
        calibrate(Linker(graph), Corpus((Document(id="1", text="x"),)))
