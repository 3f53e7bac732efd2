"""A few words about each thing that no field describes, made of its facts."""

from __future__ import annotations

from lichen.data.atlas.collect import Collector, Thing

SHOWN = 4
"""A description names as many countries, and counts the others."""

_FROM_TAILS = {"flows_through": "river in", "lake_in": "lake in", "part_of": "region of"}
_FROM_HEADS = {
    "highest_point": "highest point of",
    "lowest_point": "lowest point of",
    "official_language": "official language of",
    "language": "language spoken in",
    "currency": "currency of",
    "religion": "religion in",
    "ethnic_group": "ethnic group in",
    "member_of": "organisation of",
    "contributes_to": "peace mission of",
    "observer_of": "organisation observed by",
    "represented_in": "organisation with bodies from",
    "associated_with": "organisation linked with",
    "government_type": "form of government of",
    "legal_system": "law in",
    "national_symbol": "national symbol of",
    "national_colour": "national colour of",
    "exports": "product exported by",
    "agricultural_product": "agricultural product of",
    "natural_resource": "natural resource of",
    "industry": "industry in",
    "imports": "product imported by",
    "coast_on": "waters off",
    "flows_into": "waters that take in the",
    "continent": "continent of",
    "region": "region of",
    "independence_from": "former ruler of",
}
"""Relation to words; the first that a thing takes part in describes it."""


def describe_things(collector: Collector) -> None:
    """Describe everything that has no description yet."""
    heads: dict[tuple[Thing, str], list[Thing]] = {}
    tails: dict[tuple[Thing, str], list[Thing]] = {}
    for h, r, t in collector.facts():
        heads.setdefault((t, r), []).append(h)
        tails.setdefault((h, r), []).append(t)
    things = {end: None for h, _r, t in collector.facts() for end in (h, t)}
    for thing in things:
        for relations, ends in ((_FROM_TAILS, tails), (_FROM_HEADS, heads)):
            for relation, words in relations.items():
                found = ends.get((thing, relation))
                if found:
                    collector.describe(thing, f"{words} {_listed(collector, found)}")


def _listed(collector: Collector, things: list[Thing]) -> str:
    names = [collector.display(thing) for thing in things]
    rest = len(names) - SHOWN
    if rest > 0:
        return f"{', '.join(names[:SHOWN])} and {rest} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
