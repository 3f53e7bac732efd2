import numpy as np
import pytest

from lichen.data.atlas import load_graph
from lichen.data.atlas.build import build_graph
from lichen.data.atlas.factbook import read_entries


@pytest.fixture(scope="module")
def atlas():
    return load_graph()


def tails(graph, h, r):
    found = graph.tails(graph.entities.id(h), graph.relations.id(r))
    return {graph.entities[t] for t in found}


def heads(graph, r, t):
    found = graph.heads(graph.relations.id(r), graph.entities.id(t))
    return {graph.entities[h] for h in found}


def number(graph, label, attribute):
    entity = graph.entities.id(label)
    (found,) = [x for x in graph.literals if (x.entity, x.attribute) == (entity, attribute)]
    return found


def test_it_is_as_large_as_promised(atlas):
    assert atlas.num_facts > 20_000
    assert atlas.num_entities > 5_000
    assert len({x.attribute for x in atlas.literals if " " not in x.attribute}) > 25
    assert len(atlas.types) == atlas.num_entities
    assert (atlas.fact_sources >= 0).all()
    assert all(source.address and source.text for source in atlas.sources)


@pytest.mark.parametrize(
    ("relation", "floor"),
    [
        ("borders", 600), ("capital", 220), ("currency", 220), ("member_of", 9000),
        ("administrative_division", 4000), ("official_language", 250), ("language", 800),
        ("religion", 900), ("ethnic_group", 900), ("flows_through", 180), ("lake_in", 150),
        ("exports", 1000), ("imports", 1000), ("export_partner", 1000), ("industry", 1500),
        ("natural_resource", 1400), ("agricultural_product", 2000), ("major_city", 400),
        ("chief_of_state", 200), ("head_of_government", 200), ("continent", 220),
        ("independence_from", 110), ("dependency_of", 45), ("coast_on", 220),
    ],
)  # fmt: skip
def test_relations_have_their_facts(atlas, relation, floor):
    assert int((atlas.triples[:, 1] == atlas.relations.id(relation)).sum()) >= floor


def test_the_danube_and_its_countries(atlas):
    assert tails(atlas, "Danube", "flows_through") == {
        "Germany", "Austria", "Slovakia", "Hungary", "Croatia", "Serbia", "Bulgaria", "Romania",
        "Moldova", "Ukraine",
    }  # fmt: skip
    assert tails(atlas, "Danube", "river_source") == {"Germany"}
    assert tails(atlas, "Danube", "river_mouth") == {"Romania"}
    assert tails(atlas, "Danube", "flows_into") == {"Black Sea"}
    assert {"Donau", "Dunaj", "多瑙河"} <= set(atlas.names_of(atlas.entities.id("Danube")))
    assert "Germany" in atlas.descriptions[atlas.entities.id("Danube")]


@pytest.mark.parametrize(
    ("country", "relation", "expected"),
    [
        ("Austria", "capital", {"Vienna"}),
        ("Austria", "official_language", {"German"}),
        ("Austria", "currency", {"Euro"}),
        ("Austria", "continent", {"Europe"}),
        ("Austria", "highest_point", {"Grossglockner"}),
        ("Switzerland", "borders", {"Austria", "France", "Italy", "Germany", "Liechtenstein"}),
        ("Switzerland", "official_language", {"German", "French", "Italian", "Romansh"}),
        ("Czechia", "borders", {"Germany", "Austria", "Poland", "Slovakia"}),
        ("Democratic Republic of the Congo", "capital", {"Kinshasa"}),
        ("Republic of the Congo", "capital", {"Brazzaville"}),
        ("North Korea", "capital", {"Pyongyang"}),
        ("South Korea", "borders", {"North Korea"}),
        ("Myanmar", "borders", {"Bangladesh", "China", "India", "Laos", "Thailand"}),
        ("Luxembourg", "capital", {"Luxembourg (city)"}),
        ("Burundi", "capital", {"Gitega"}),
        ("Kuwait", "capital", {"Kuwait City"}),
        ("United States", "capital", {"Washington, D.C."}),
        ("Colombia", "capital", {"Bogotá"}),
        ("South Africa", "capital", {"Pretoria", "Cape Town", "Bloemfontein"}),
        ("Turkey", "capital", {"Ankara"}),
        ("Brazil", "official_language", {"Portuguese"}),
        ("China", "chief_of_state", {"Xi Jinping"}),
        ("Germany", "head_of_government", {"Friedrich Merz"}),
        ("Greenland", "dependency_of", {"Denmark"}),
        ("Hong Kong", "dependency_of", {"China"}),
        ("Kenya", "independence_from", {"United Kingdom"}),
        ("Japan", "national_colour", {"red", "white"}),
        ("Kosovo", "continent", {"Europe"}),
        ("Finland", "coast_on", {"Baltic Sea", "Gulf of Bothnia", "Gulf of Finland"}),
        ("Gabon", "legal_system", {"civil law", "customary law"}),
        ("Lake Constance", "lake_in", {"Austria", "Germany", "Switzerland"}),
        ("Nile", "river_source", {"Rwanda"}),
        ("Belgium", "administrative_division",
         {"Brussels-Capital Region", "Flemish Region", "Walloon Region"}),
    ],
)  # fmt: skip
def test_golden_facts(atlas, country, relation, expected):
    found = tails(atlas, country, relation)
    if relation == "administrative_division":
        assert len(found) == len(expected)
    else:
        assert found == expected


def test_borders_go_both_ways(atlas):
    r = atlas.relations.id("borders")
    pairs = {(h, t) for h, rr, t in atlas.triples.tolist() if rr == r}
    assert pairs == {(t, h) for h, t in pairs}


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Czech Republic", "Czechia"), ("USA", "United States"), ("US", "United States"),
        ("Burma", "Myanmar"), ("Korea, South", "South Korea"), ("Turkiye", "Turkey"),
        ("DRC", "Democratic Republic of the Congo"), ("EU", "European Union"),
        ("NATO", "North Atlantic Treaty Organization"), ("奥地利", "Austria"),
        ("Österreich", "Austria"), ("欧元", "Euro"), ("德语", "German"), ("巴黎", "Paris"),
        ("北京", "Beijing"), ("Kiev", "Kyiv"), ("Luxembourg", "Luxembourg (city)"),
        ("Vereinigte Staaten", "United States"), ("Россия", "Russia"), ("日本", "Japan"),
    ],
)  # fmt: skip
def test_names_lead_to_their_entity(atlas, name, label):
    assert name in atlas.names_of(atlas.entities.id(label))


def test_names_of_one_thing_are_not_entities_of_their_own(atlas):
    for name in ("Czech Republic", "USA", "Burma", "Korea, South", "Holy See", "UK", "Kiev"):
        assert name not in atlas.entities


def test_one_name_for_several_types_gives_several_entities(atlas):
    assert atlas.types_of(atlas.entities.id("Georgia")) == ("country",)
    assert atlas.types_of(atlas.entities.id("Georgia (division)")) == ("division",)
    assert atlas.types_of(atlas.entities.id("German")) == ("language",)
    assert atlas.types_of(atlas.entities.id("German (ethnic group)")) == ("ethnic group",)
    assert atlas.types_of(atlas.entities.id("Niger (river)")) == ("river",)
    assert "Niger" in atlas.names_of(atlas.entities.id("Niger (river)"))
    assert atlas.types_of(atlas.entities.id("gold")) == ("product", "resource")


def test_numbers_have_unit_and_year(atlas):
    people = number(atlas, "Austria", "population")
    assert (people.value, people.unit, people.year) == (9_174_390, "people", 2025)
    assert number(atlas, "Austria", "area")[2:5] == (83_871, "km2", None)
    assert number(atlas, "Danube", "length")[2:4] == (2888, "km")
    assert number(atlas, "Vienna", "population").value == 1_975_000
    assert number(atlas, "Austria", "border_with Italy")[2:4] == (404, "km")
    assert number(atlas, "Russia", "population").value > 1e8
    assert number(atlas, "Austria", "gdp_per_capita").year == 2024


def test_sources_quote_the_fact(atlas):
    row = atlas.row(
        atlas.entities.id("Austria"), atlas.relations.id("borders"), atlas.entities.id("Italy")
    )
    source = atlas.source(row)
    assert source.address == "factbook:au#Geography/Land boundaries/border countries"
    assert "Italy 404 km" in source.text
    assert not any("<strong>" in source.text or "&nbsp;" in source.text for source in atlas.sources)


def test_no_rest_or_remark_became_an_entity(atlas):
    bad = {"other", "none", "unspecified", "NA", "negl", "various", "note", "mixed", "unknown"}
    assert not bad & {label.lower() for label in atlas.entities}
    assert not [label for label in atlas.entities if "%" in label or "est.)" in label]
    assert not [label for label in atlas.entities if label != label.strip() or "  " in label]


def test_the_same_entries_give_the_same_graph():
    entries = [entry for entry in read_entries() if entry.code in ("au", "gm", "sz", "ls", "cg")]
    first, second = build_graph(entries), build_graph(entries)
    assert first.entities == second.entities
    assert np.array_equal(first.triples, second.triples)
    assert (first.names, first.literals) == (second.names, second.literals)
    assert "Lake Constance" in first.entities
