import pytest

from lichen.data.query import Branch, Query, Step
from lichen.explanation.removal import remove_evidence
from lichen.reasoning.view import FactView

BORDERS = Step("borders")


def queries(lands):
    austria, malta = lands.entities.id("Austria"), lands.entities.id("Malta")
    vienna = lands.entities.id("Vienna")
    return {
        "one_hop": Query("select", (Branch(austria, (BORDERS,)),)),
        "two_hop": Query("select", (Branch(vienna, (Step("capital", forward=False), BORDERS)),)),
        "count": Query("count", (Branch(austria, (BORDERS,)),)),
        "max": Query("max", (Branch(austria, (BORDERS,)),), "population"),
        "lookup": Query("lookup", (Branch(malta),), "population"),
        "compare": Query("max", (Branch(malta), Branch(austria)), "population", is_union=True),
        "overall": Query("min", (Branch(None, (), "country"),), "population"),
    }


@pytest.mark.parametrize(
    "kind", ["one_hop", "two_hop", "count", "max", "lookup", "compare", "overall"]
)
def test_without_its_evidence_the_answer_changes(lands, kind):
    view = FactView(lands)
    removal = remove_evidence(view, queries(lands)[kind])
    assert not removal.before.is_empty
    assert removal.is_changed


def test_facts_that_are_not_cited_do_not_matter(lands):
    view = FactView(lands)
    query = queries(lands)["one_hop"]
    removal = remove_evidence(view, query)
    malta, city = lands.entities.id("Malta"), lands.entities.id("Valletta")
    assert (malta, "capital", city) not in {f for path in removal.before.paths for f in path}
    less = view.without([(malta, "capital", city)])
    assert remove_evidence(less, query).before == removal.before


def test_the_view_keeps_its_facts(lands):
    view = FactView(lands)
    query = queries(lands)["count"]
    remove_evidence(view, query)
    assert remove_evidence(view, query).before.value == 3
