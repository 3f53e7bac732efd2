"""What can be chosen by name."""

from lichen.data.read import CORPUS_READERS, GRAPH_READERS
from lichen.jobs.methods import REGISTRIES, methods


def test_everything_that_can_be_chosen_is_listed_once():
    found = [(m.kind, m.name) for m in methods()]
    wanted = {(kind, name) for kind, registry in REGISTRIES.items() for name in registry}
    wanted |= {("graph file", name) for name in GRAPH_READERS}
    wanted |= {("corpus file", name) for name in CORPUS_READERS}
    assert len(found) == len(set(found))
    assert set(found) == wanted


def test_each_says_in_a_sentence_what_it_is():
    for method in methods():
        assert len(method.summary) > 10, method
        assert not method.summary.startswith("None"), method


def test_scorers_name_their_papers():
    papers = {m.name: m.paper for m in methods() if m.kind == "embedding"}
    assert "Trouillon" in papers["complex"]
    assert all(papers.values())
