"""`lichen import`."""

import json

import lichen as li


def test_facts_and_corrections_reach_the_store(tmp_path, lichen):
    file, place = tmp_path / "facts.csv", tmp_path / "facts.db"
    file.write_text("head,relation,tail\nVienna,capital,Austria\nGraz,city,Austria\n")
    first = json.loads(lichen("import", file, "--store", place, "--json"))
    assert (first["new"], first["bad"]) == (2, 0)
    file.write_text("head,relation,tail,action\nGraz,city,Styria,replace\n")
    second = json.loads(lichen("import", file, "--store", place, "--json"))
    assert second["retracted"] == 1
    with li.Store.open(place) as store:
        (fact,) = store.facts(head="Graz")
    assert (fact.tail, fact.sources[0].address) == ("Styria", "facts.csv:2")


def test_columns_say_the_order_of_a_table_without_a_header(tmp_path, lichen):
    file, place = tmp_path / "facts.tsv", tmp_path / "facts.db"
    file.write_text("in\tVienna\tAustria\n")
    lichen("import", file, "--store", place, "--columns", "relation,head,tail")
    with li.Store.open(place) as store:
        (fact,) = store.facts()
    assert (fact.head, fact.relation, fact.tail) == ("Vienna", "in", "Austria")
