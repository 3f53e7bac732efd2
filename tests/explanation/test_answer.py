from lichen.data.query import Branch, Query, Step
from lichen.explanation.answer import MAX_SHOWN, Answer, Evidence, evidence_of, number_text
from lichen.reasoning.program import execute
from lichen.reasoning.view import FactView


def evidence(lands, query):
    view = FactView(lands)
    return evidence_of(view, execute(view, query))


def test_a_chain_is_shown_from_its_anchor_with_arrows_along_the_facts(lands):
    vienna = lands.entities.id("Vienna")
    steps = (Step("capital", forward=False), Step("flows_through", forward=False))
    shown = [str(e) for e in evidence(lands, Query("select", (Branch(vienna, steps),)))]
    danube = next(line for line in shown if "Danube" in line)
    assert danube.startswith("Vienna <-capital- Austria <-flows_through- Danube [book Austria:")
    assert "'Danube, Austria'" in danube


def test_values_come_first_with_their_source(lands):
    austria = lands.entities.id("Austria")
    query = Query("max", (Branch(austria, (Step("borders"),)),), "population")
    first = evidence(lands, query)[0]
    assert str(first) == "Germany: population 84,000,000 people (2025) [census: 'Germany']"


def test_an_abstention_says_why():
    silent = Answer(question="?", text="", abstained=True, reason="nothing is named")
    assert silent.explain() == "I don't know: nothing is named."
    assert str(silent) == silent.explain()


def test_long_evidence_is_counted_not_listed():
    many = tuple(Evidence(value=f"fact {i}") for i in range(MAX_SHOWN + 5))
    shown = Answer(question="?", text="x", confidence=0.5, evidence=many).explain()
    assert shown.startswith("x  (confidence 0.50)")
    assert shown.endswith("and 5 more")
    assert len(shown.splitlines()) == MAX_SHOWN + 2


def test_numbers_carry_their_units():
    assert number_text(3.0) == "3"
    assert number_text(2.5, "%") == "2.5%"
    assert number_text(1e6, "USD", 2024) == "$1,000,000 (2024)"
    assert number_text(".at") == ".at"
