"""How a country is organised: capital, government, memberships, symbols, independence."""

from __future__ import annotations

import re

from lichen.data.atlas.collect import Collector, Thing
from lichen.data.atlas.countries import Country, country_thing, find_country, table
from lichen.data.atlas.factbook import Entry
from lichen.data.atlas.fields import brackets, clean, fold, split_list, without_notes
from lichen.data.atlas.numbers import Quantity

_NOT_SYMBOL = re.compile(r"\d|:|^each |no official|^with ")
_SYMBOL_CUT = re.compile(r";| note\b")
_DATE = re.compile(r"^(?P<date>(?:\d{1,2} )?(?:[A-Z][a-z]+ )?\d{3,4})\s*\((?P<from>[^()]*)\)")


def add_capital(collector: Collector, entry: Entry, country: Country, thing: Thing) -> None:
    """Add `capital`; the table overrules where the field is prose."""
    path = "Government/Capital/name"
    if not entry.get(path):
        return
    fixed = table("politics.toml")["capitals"].get(country.code)
    names = fixed if fixed is not None else [_capital_name(entry.get(path))]
    for name in names:
        if not name or fold(name) == "none":
            continue
        city = collector.thing("city", name, scope=country.label, label=name)
        others = list(table("politics.toml")["capital_names"].get(country.code, ()))
        others += [] if fixed is not None else _capital_aliases(entry.get(path))
        for other in others if name == names[0] else ():
            collector.merge(city, other)
        collector.fact(thing, "capital", city, entry.source(path))
        collector.describe(city, f"capital of {country.label}")


def _capital_aliases(text: str) -> list[str]:
    """Return the bracketed names of "Kyiv (Kiev is the transliteration from Russian)"."""
    parts = [p for inner in brackets(without_notes(text))[1] for p in re.split(r",|/| is ", inner)]
    names = (part.strip() for part in parts if "capital" not in part)
    return [name for name in names if re.fullmatch(r"[A-ZÀ-Þ][\w'’\- ]{2,25}", name)]


def _capital_name(text: str) -> str:
    base = brackets(without_notes(text))[0]
    return re.split(r";| in |,(?! D\.C\.)", base)[0].strip()


_LAWS = (
    ("civil law", re.compile(r"\bcivil\b")),
    ("common law", re.compile(r"\bcommon law\b")),
    ("Islamic law", re.compile(r"\b(?:Islamic|[Ss]haria)\b")),
    ("customary law", re.compile(r"\b(?:customary|traditional) (?:and \w+ )?law|\bcustomary\b")),
    ("religious law", re.compile(r"\breligious\b")),
    ("Roman-Dutch law", re.compile(r"\bRoman-Dutch\b")),
)
_NOT_LAW = re.compile(r"laws of|laws apply|by-laws|new civil code|^none")
_NOT_GOVERNMENT = re.compile(
    r"\d|territory|overseas|collectivity|dependency|transition|formerly|part of|constituent|"
    r"administrative|self-governing|condominium|commonwealth"
)


def add_government(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add `government_type`, and the kinds of law that a legal system is said to mix."""
    path = "Government/Government type"
    text = re.split(r";|\n|, (?:but|although)", brackets(without_notes(entry.get(path)))[0])[0]
    text = re.sub(r"^(?:(?:a|an|the) |.* - )", "", text.strip(" ,")).lower()
    if text and len(text.split()) <= 6 and not _NOT_GOVERNMENT.search(text):
        kind = collector.thing("government type", text)
        collector.fact(thing, "government_type", kind, entry.source(path))
    path = "Government/Legal system"
    text = re.split(r"[;\n]| with | except ", brackets(without_notes(entry.get(path)))[0])[0]
    for name, pattern in () if _NOT_LAW.search(text) else _LAWS:
        if pattern.search(text):
            law = collector.thing("legal system", name)
            collector.fact(thing, "legal_system", law, entry.source(path))


_ROLES = (
    ("observer", "observer_of"),
    ("NGO", "represented_in"),
    ("national committees", "represented_in"),
    ("compliant country", "member_of"),
    ("nonregional", "member_of"),
    ("associate", "associated_with"),
    ("candidate", "associated_with"),
    ("pending", "associated_with"),
    ("member", "member_of"),
    ("permanent", "member_of"),
    ("temporary", "member_of"),
    ("regional", "member_of"),
    ("Taipei", "member_of"),
    ("implementing", "member_of"),
)


def add_memberships(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add `member_of`, `observer_of`, `represented_in`, `associated_with` or `contributes_to`."""
    path = "Government/International organization participation"
    if not entry.get(path):
        return
    names = table("organisations.toml")
    for part in split_list(without_notes(entry.get(path))):
        base, inner = brackets(part)
        base = re.sub(r"^.*:\s*", "", base)
        role = " ".join(inner)
        relation = next((r for word, r in _ROLES if word in role), "associated_with")
        if not role:
            relation = "member_of"
        if base in names["missions"]:
            mission = collector.thing("mission", names["missions"][base])
            collector.name(mission, base)
            collector.fact(thing, "contributes_to", mission, entry.source(path))
        elif base in names["organisations"]:
            organisation = collector.thing("organisation", names["organisations"][base])
            collector.name(organisation, base)
            collector.fact(thing, relation, organisation, entry.source(path))


def add_symbols(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add `national_symbol` and `national_colour`."""
    for type_, path in (
        ("symbol", "Government/National symbol(s)"),
        ("colour", "Government/National color(s)"),
    ):
        text = _SYMBOL_CUT.split(without_notes(entry.get(path)))[0]
        text = clean(text).strip(" .")
        if fold(text) in ("", "none", "na"):
            continue
        for part in split_list(text):
            name = re.sub(r"^(?:and|the|a|an)\s+", "", brackets(part)[0].strip(" .*"))
            if name and len(name.split()) <= 5 and not _NOT_SYMBOL.search(name):
                symbol = collector.thing(type_, name)
                collector.fact(thing, f"national_{type_}", symbol, entry.source(path))


def add_independence(collector: Collector, entry: Entry, thing: Thing) -> None:
    """Add `independence_from`, and the date and year as literals."""
    path = "Government/Independence"
    found = _DATE.match(entry.get(path))
    if found is None:
        return
    former = re.search(r"from (?:the )?(?P<who>.*)", found["from"])
    collector.literal(thing, "independence_date", found["date"], entry.source(path))
    year = int(found["date"].split()[-1])
    collector.literal(thing, "independence_year", Quantity(year), entry.source(path))
    if former is None:
        return
    name = re.split(r",|;| under | with | by | as ", former["who"])[0].strip(" .")
    other, former_states = find_country(name), table("politics.toml")["former_states"]
    if other is not None:
        ruler = country_thing(collector, other)
        collector.fact(thing, "independence_from", ruler, entry.source(path))
    elif name in former_states:
        state = collector.thing("former state", name)
        collector.fact(thing, "independence_from", state, entry.source(path))
