from lichen.data.atlas import load_corpus
from lichen.data.atlas.factbook import Entry
from lichen.data.atlas.prose import SHORTEST, prose


def test_every_entry_has_prose():
    corpus = load_corpus()
    assert len(corpus) > 5000
    by_id = {document.id: document for document in corpus}
    assert len(by_id) == len(corpus)
    background = by_id["au/Introduction/Background"]
    assert background.text.startswith("Once the center of power for the large Austro-Hungarian")
    assert background.meta == {"country": "Austria", "field": "Introduction/Background"}
    assert background.language == "en"
    assert {document.meta["country"] for document in corpus} > {"Austria", "Germany", "World"}


def test_text_is_free_of_markup():
    for document in load_corpus():
        assert not any(mark in document.text for mark in ("<br", "<strong", "<em>", "&nbsp;"))
        assert document.text == document.text.strip()


def test_short_fields_are_left_out():
    text = "x" * SHORTEST
    entry = Entry("au", {"Geography/Climate": "mild", "Geography/Terrain": text})
    assert [document.id for document in prose([entry])] == ["au/Geography/Terrain"]
