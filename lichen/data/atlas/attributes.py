"""Numbers about a country: each attribute's field and unit; the latest year is kept."""

from __future__ import annotations

import re

from lichen.data.atlas.collect import Collector, Thing
from lichen.data.atlas.factbook import Entry
from lichen.data.atlas.numbers import Quantity, parse_quantity

ATTRIBUTES: dict[str, tuple[str, str]] = {
    "population": ("People and Society/Population/total", "people"),
    "population_growth": ("People and Society/Population growth rate", "%"),
    "median_age": ("People and Society/Median age/total", "years"),
    "birth_rate": ("People and Society/Birth rate", "per 1000 people"),
    "death_rate": ("People and Society/Death rate", "per 1000 people"),
    "net_migration_rate": ("People and Society/Net migration rate", "per 1000 people"),
    "urban_population": ("People and Society/Urbanization/urban population", "%"),
    "life_expectancy": ("People and Society/Life expectancy at birth/total population", "years"),
    "life_expectancy_male": ("People and Society/Life expectancy at birth/male", "years"),
    "life_expectancy_female": ("People and Society/Life expectancy at birth/female", "years"),
    "fertility_rate": ("People and Society/Total fertility rate", "children per woman"),
    "infant_mortality": ("People and Society/Infant mortality rate/total", "per 1000 births"),
    "maternal_mortality": ("People and Society/Maternal mortality ratio", "per 100000 births"),
    "physician_density": ("People and Society/Physician density", "per 1000 people"),
    "hospital_bed_density": ("People and Society/Hospital bed density", "per 1000 people"),
    "obesity_rate": ("People and Society/Obesity - adult prevalence rate", "%"),
    "alcohol_consumption": ("People and Society/Alcohol consumption per capita/total", "litres"),
    "tobacco_use": ("People and Society/Tobacco use/total", "%"),
    "literacy_rate": ("People and Society/Literacy/total population", "%"),
    "mean_age_at_first_birth": ("People and Society/Mother's mean age at first birth", "years"),
    "mean_elevation": ("Geography/Elevation/mean elevation", "m"),
    "land_border_length": ("Geography/Land boundaries/total", "km"),
    "forest_share": ("Geography/Land use/forest", "%"),
    "agricultural_land_share": ("Geography/Land use/agricultural land", "%"),
    "irrigated_land": ("Geography/Irrigated land", "km2"),
    "co2_emissions": ("Environment/Carbon dioxide emissions/total emissions", "t"),
    "air_particles": ("Environment/Particulate matter emissions", "µg/m3"),
    "gdp": ("Economy/GDP (official exchange rate)", "USD"),
    "gdp_ppp": ("Economy/Real GDP (purchasing power parity)", "USD"),
    "gdp_per_capita": ("Economy/Real GDP per capita", "USD"),
    "gdp_growth": ("Economy/Real GDP growth rate", "%"),
    "inflation": ("Economy/Inflation rate (consumer prices)", "%"),
    "labour_force": ("Economy/Labor force", "people"),
    "unemployment_rate": ("Economy/Unemployment rate", "%"),
    "youth_unemployment_rate": ("Economy/Youth unemployment rate (ages 15-24)/total", "%"),
    "poverty_rate": ("Economy/Population below poverty line", "%"),
    "gini": ("Economy/Gini Index coefficient - distribution of family income", "index"),
    "public_debt": ("Economy/Public debt", "% of GDP"),
    "remittances": ("Economy/Remittances", "% of GDP"),
    "export_value": ("Economy/Exports", "USD"),
    "import_value": ("Economy/Imports", "USD"),
    "foreign_reserves": ("Economy/Reserves of foreign exchange and gold", "USD"),
    "external_debt": ("Economy/Debt - external", "USD"),
    "military_expenditure": ("Military and Security/Military expenditures", "% of GDP"),
    "electricity_access": (
        "Energy/Electricity access/electrification - total population",
        "% of people",
    ),
    "electricity_consumption": ("Energy/Electricity/consumption", "kWh"),
    "energy_per_capita": ("Energy/Energy consumption per capita", "Btu"),
    "internet_users": ("Communications/Internet users/percent of population", "%"),
    "mobile_subscriptions": (
        "Communications/Telephones - mobile cellular/total subscriptions",
        "lines",
    ),
    "airports": ("Transportation/Airports", "airports"),
    "heliports": ("Transportation/Heliports", "heliports"),
    "railway_length": ("Transportation/Railways/total", "km"),
    "merchant_ships": ("Transportation/Merchant marine/total", "ships"),
    "ports": ("Transportation/Ports/total ports", "ports"),
    "world_heritage_sites": ("Government/National heritage/total World Heritage Sites", "sites"),
    "nuclear_reactors": (
        "Energy/Nuclear energy/Number of operational nuclear reactors",
        "reactors",
    ),
    "refugees": (
        "Transnational Issues/Refugees and internally displaced persons/refugees",
        "people",
    ),
}
"""Attribute to field path and unit; a field with a part for each year is named by its stem."""

TEXTS: dict[str, str] = {
    "internet_code": "Communications/Internet country code",
    "national_anthem": "Government/National anthem(s)/title",
    "legislature": "Government/Legislative branch/legislature name",
}
"""Attribute to field path for values that are words."""

_YEAR = re.compile(r" (?P<year>(?:19|20)\d{2})$")


def latest_path(entry: Entry, path: str) -> str:
    """Return the field's path, or that of its latest year's part ("... 2024")."""
    if entry.get(path):
        return path
    by_year = {
        int(found["year"]): f"{path}/{rest}"
        for rest in entry.under(path)
        if "/" not in rest and (found := _YEAR.search(rest))
    }
    return by_year[max(by_year)] if by_year else path


def add_attributes(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add every number that the entry states exactly, and the short texts."""
    for attribute, (stem, unit) in ATTRIBUTES.items():
        path = latest_path(entry, stem)
        quantity = parse_quantity(entry.get(path), unit)
        if quantity is None:
            continue
        found = _YEAR.search(path)
        year = quantity.year if found is None else int(found["year"])
        collector.literal(
            thing, attribute, Quantity(quantity.value, unit, year), entry.source(path)
        )
    for attribute, path in TEXTS.items():
        text = re.split(r"\(|;|\n", entry.get(path))[0].strip().strip('"')
        if text and len(text) < 80 and text.lower() not in ("none", "na"):
            collector.literal(thing, attribute, text, entry.source(path))
