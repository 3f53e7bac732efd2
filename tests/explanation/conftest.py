"""A small graph of lands and a tiny text encoder that loads no weights."""

from __future__ import annotations

import pytest

from lichen.data.builder import GraphBuilder

NEIGHBOURS = {
    "Austria": ("Germany", "Italy", "Hungary"),
    "Germany": ("France", "Poland"),
    "Italy": ("France",),
    "Hungary": ("Slovakia",),
    "Poland": ("Slovakia",),
    "France": (),
    "Slovakia": (),
    "Malta": (),
}
CAPITALS = {
    "Austria": "Vienna",
    "Germany": "Berlin",
    "Italy": "Rome",
    "Hungary": "Budapest",
    "France": "Paris",
    "Poland": "Warsaw",
    "Slovakia": "Bratislava",
    "Malta": "Valletta",
}
PEOPLE = {
    "Austria": 9.0e6,
    "Germany": 84.0e6,
    "Italy": 59.0e6,
    "Hungary": 9.6e6,
    "France": 68.0e6,
    "Poland": 37.0e6,
    "Slovakia": 5.4e6,
    "Malta": 0.5e6,
}
RIVERS = {
    "Danube": ("Germany", "Austria", "Slovakia", "Hungary"),
    "Rhine": ("Austria", "Germany", "France"),
    "Po": ("Italy",),
    "Vistula": ("Poland",),
    "Seine": ("France",),
}
EURO = ("Austria", "Germany", "Italy", "France", "Slovakia", "Malta")


def _build():
    builder = GraphBuilder()
    for land, city in CAPITALS.items():
        builder.add_entity(land, types=("country",))
        builder.add_entity(city, types=("city",))
        builder.add_fact(land, "capital", city, source=(f"book {land}", f"{city} is the capital."))
        builder.add_literal(
            land, "population", PEOPLE[land], unit="people", year=2025, source=("census", land)
        )
    for land, others in NEIGHBOURS.items():
        for other in others:
            for h, t in ((land, other), (other, land)):
                builder.add_fact(h, "borders", t, source=("map", f"{h} meets {t}"))
    for river, lands in RIVERS.items():
        builder.add_entity(river, types=("river",))
        for land in lands:
            builder.add_fact(river, "flows_through", land, source=("atlas", f"{river}, {land}"))
    builder.add_entity("Euro", types=("currency",))
    builder.add_entity("Forint", types=("currency",))
    builder.add_entity("Zloty", types=("currency",))
    for land in EURO:
        builder.add_fact(land, "currency", "Euro")
    builder.add_fact("Hungary", "currency", "Forint")
    builder.add_fact("Poland", "currency", "Zloty")
    builder.add_name("Austria", "奥地利", language="zh")
    builder.add_name("Vienna", "维也纳", language="zh")
    return builder.build()


@pytest.fixture(scope="session")
def lands():
    return _build()
