"""The linker: homonyms by context, misspelt names, NIL, live additions, any text."""

from __future__ import annotations

import pytest

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus, Document, Span
from lichen.data.graph import Graph
from lichen.linking import LinkConfig, Linker
from lichen.linking.rank import CLUES


@pytest.fixture(scope="module")
def linker(graph):
    return Linker(graph)


def linked(linker, graph, text, **options):
    return [
        (text[m.span.start : m.span.end], None if m.entity is None else graph.entities[m.entity])
        for m in linker.mentions(text, **options)
    ]


@pytest.mark.parametrize("text", ["", " ", "nothing of note here.", "😀😀", "۱۲۳ ...", "\0\0"])
def test_texts_without_a_mention(linker, text):
    assert linker.mentions(text) == ()


def test_candidates_are_probabilities_best_first(linker, graph):
    (mention,) = linker.mentions("Georgia")
    scores = [c.score for c in mention.candidates]
    assert {c.entity for c in mention.candidates} == {0, graph.entities.id("Georgia (state)")}
    assert scores == sorted(scores, reverse=True)
    assert 0 < sum(scores) <= 1


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Georgia borders Armenia.", "Georgia"),
        ("Atlanta is a city in Georgia.", "Georgia (state)"),
        ("Tbilisi is a city in Georgia.", "Georgia"),
    ],
)
def test_homonyms_by_their_neighbours(linker, graph, text, meant):
    assert ("Georgia", meant) in linked(linker, graph, text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("A state with peaches and peanuts in the south of America: Georgia.", "Georgia (state)"),
        ("Wine from mountains in the Caucasus: Georgia.", "Georgia"),
    ],
)
def test_homonyms_by_the_meaning_of_the_text(graph, encoder, text, meant):
    assert ("Georgia", meant) in linked(Linker(graph, encoder), graph, text)


def test_the_encoder_is_asked_only_about_homonyms(graph, encoder):
    linker = Linker(graph, encoder)
    linker.mentions("Berlin is in Germany.")
    assert encoder.num_calls == 0
    texts = [f"Georgia number {i} is nice." for i in range(10)]
    linker.link(Corpus(tuple(Document(id=t, text=t) for t in texts)))
    assert encoder.num_calls == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("what is the capital of germny?", "germny"),
        ("What is the capital of Gremany?", "Gremany"),
        ("Is Swizterland rich?", "Swizterland"),
    ],
)
def test_misspelt_names(linker, graph, text, words):
    meant = "Germany" if words.lower().startswith("g") else "Switzerland"
    assert linked(linker, graph, text) == [(words, meant)]
    off = Linker(graph, config=LinkConfig(misspelt=False))
    assert off.mentions(text) == ()


def test_a_misspelt_name_takes_in_a_shorter_one(linker, graph):
    assert linked(linker, graph, "In the Unitd States there is Berlin") == [
        ("Unitd States", "United States"),
        ("Berlin", "Berlin"),
    ]


def test_what_is_not_in_the_graph_is_nil(linker, graph):
    text = "How far is Birnin Zana from Berlin?"
    assert linked(linker, graph, text) == [("Birnin Zana", None), ("Berlin", "Berlin")]
    silent = Linker(graph, config=LinkConfig(keep_nil=False))
    assert linked(silent, graph, text) == [("Berlin", "Berlin")]


def test_a_high_threshold_leaves_everything_unlinked(graph):
    strict = Linker(graph, config=LinkConfig(min_probability=1.0))
    (mention,) = strict.mentions("Georgia")
    assert mention.entity is None
    assert len(mention.candidates) == 2


def test_only_some_types(linker, graph):
    text = "Berlin is in Germany, not in Georgia."
    assert [e for _, e in linked(linker, graph, text, types=["city"])] == ["Berlin"]
    found = linked(linker, graph, text, types=["division"])
    assert [words for words, _ in found] == ["Georgia"]
    assert linker.mentions(text, types=[]) == ()


def test_given_spans(linker, graph):
    text = "xx Berlin yy Germny"
    found = linked(linker, graph, text, spans=[Span(13, 19), Span(3, 9), Span(0, 2)])
    assert found == [("xx", None), ("Berlin", "Berlin"), ("Germny", "Germany")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("😀👩\u200d👧 İß GERMANY 德国", ["GERMANY", "德国"]),
        ("في ألمانيا السلام", ["ألمانيا"]),
        ("德国的首都", ["德国"]),
        ("ドイツの首都", ["ドイツ"]),
        ("독일은", ["독일"]),
    ],
)
def test_any_script_with_offsets_of_the_text_itself(linker, graph, text, words):
    found = [pair for pair in linked(linker, graph, text) if pair[1]]
    assert found == [(w, "Germany") for w in words]


def test_a_megabyte(linker, graph):
    text = "Berlin lies in Germany, and Georgia borders Armenia. " * 19_000
    mentions = linker.mentions(text)
    assert len(text) > 1_000_000
    assert len(mentions) == 76_000
    assert mentions[-1].entity == graph.entities.id("Armenia")


def test_a_name_added_live(graph):
    linker = Linker(graph)
    assert linked(linker, graph, "Is Spree Athens big?") == [("Spree Athens", None)]
    linker.add_name(graph.entities.id("Berlin"), "Spree Athens")
    assert linked(linker, graph, "Is Spree Athens big?") == [("Spree Athens", "Berlin")]
    assert linked(linker, graph, "Is Spree Atens big?") == [("Spree Atens", "Berlin")]
    with pytest.raises(DataError, match="entity must be an id of the graph or of add_entity"):
        linker.add_name(999, "Nowhere")


def test_an_entity_added_live(graph, encoder):
    linker = Linker(graph, encoder)
    new = graph.num_entities
    linker.add_entity(
        new, "Georgia (ship)", types=("ship",), description="A ship that sails the ocean."
    )
    linker.add_name(new, "Georgia")
    linker.add_fact(new, graph.entities.id("Berlin"))
    (mention, *_) = linker.mentions("Georgia is a ship that sails the ocean to Berlin.")
    assert new in {c.entity for c in mention.candidates}
    assert linker.mentions("Georgia (ship)")[0].entity == new
    with pytest.raises(DataError, match="must be unused"):
        linker.add_entity(new, "again")


def test_candidates_by_meaning(graph, encoder):
    config = LinkConfig(vector_candidates=3, min_cosine=0.1)
    linker = Linker(graph, encoder, config=config)
    text = "the land of wine and mountains in the Caucasus"
    (mention,) = linker.mentions(text, spans=[Span(0, len(text))])
    assert mention.candidates[0].entity == graph.entities.id("Georgia")


def test_a_corpus_keeps_its_documents(linker):
    corpus = Corpus(
        (Document(id="1", text="Berlin", label="x", split="train"), Document(id="2", text=""))
    )
    found = linker.link(corpus)
    assert [len(d.mentions) for d in found] == [1, 0]
    assert (found[0].label, found[0].split) == ("x", "train")
    assert len(linker.link(Corpus(()))) == 0


def test_a_graph_without_entities():
    assert Linker(Graph.from_triples([])).mentions("Berlin") == ()
    (mention,) = Linker(Graph.from_triples([])).mentions("Is it Berlin?")
    assert mention.entity is None


def test_given_mentions_are_weighed_clue_by_clue(linker, graph):
    text = "Georgia borders Armenia, not germny."
    spans = linker.find(text)
    assert [text[s.start : s.end] for s in spans] == ["Georgia", "Armenia", "germny"]
    ((georgia, armenia, germany),) = linker.weigh([(text, spans)])
    assert len(georgia.entities) == 2
    assert georgia.clues.shape == (2, len(CLUES))
    coherence = georgia.clues[:, CLUES.index("coherence")]
    assert coherence[georgia.entities.index(graph.entities.id("Georgia"))] > 0
    assert armenia.clues[0, CLUES.index("is_exact")] == 1
    assert germany.clues[0, CLUES.index("similarity")] < 1
