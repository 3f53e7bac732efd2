"""How a sentence calls an entity: its name, the article before it, and the sentence filled in."""

from __future__ import annotations

import re
from typing import NamedTuple

from lichen.data.corpus import Candidate, Mention, Span
from lichen.data.graph import Graph

THE_COUNTRIES = frozenset({
    "Bahamas", "British Virgin Islands", "Cayman Islands", "Central African Republic", "Comoros",
    "Cook Islands", "Coral Sea Islands", "Czech Republic", "Democratic Republic of the Congo",
    "Dominican Republic", "Falkland Islands", "Faroe Islands", "Gambia", "Gaza Strip", "Holy See",
    "Isle of Man", "Ivory Coast", "Maldives", "Marshall Islands", "Netherlands",
    "Northern Mariana Islands", "Paracel Islands", "Philippines", "Pitcairn Islands",
    "Republic of the Congo", "Seychelles", "Solomon Islands", "Spratly Islands",
    "Turks and Caicos Islands", "United Arab Emirates", "United Kingdom", "United States",
    "United States Minor Outlying Islands", "Virgin Islands", "U.S. Virgin Islands",
    "United States Virgin Islands", "Vatican", "West Bank",
    "Federated States of Micronesia", "French Southern and Antarctic Lands",
    "British Indian Ocean Territory", "United States Pacific Island Wildlife Refuges",
    "Arctic Region", "Antarctic Region", "Tonle Sap", "European Union", "Soviet Union",
    "Ottoman Empire", "Middle East", "Caribbean", "Americas", "Balkans",
})  # fmt: skip
"""Names of lands that take "the"."""

NO_ARTICLE_BODIES = frozenset({
    "ANZUS", "ASEAN", "BIMSTEC", "BRICS", "CARICOM", "CERN", "COMESA", "ECOWAS", "EFTA", "Interpol",
    "INTERPOL", "MERCOSUR", "Mercosur", "NAFTA", "NATO", "OPANAL", "OPEC", "Petrocaribe", "SADC",
    "UN Women", "UNCTAD", "UNESCO", "UNHCR", "UNICEF", "UNIDO", "UNIFIL", "UNITAR", "UNOPS",
    "UNWTO",
})  # fmt: skip
"""Organisations called by a word and not by letters, which take no article."""

CURRENCY_WORDS = re.compile(
    r"\b(Ariary|Baht|Birr|Bolivar|Bol\u00edvar|Boliviano|Cedi|Colones|Col\u00f3n|C\u00f3rdoba|"
    r"Convertible|Crown|Dalasi|Denar|Dinar|Dirham|Dobra|Dollar|Dong|Dram|Escudo|Euro|Florin|"
    r"Forint|Franc|Gourde|Guarani|Guilder|Hryvnia|Kina|Kip|Koruna|Krona|Krone|Kr\u00f3na|"
    r"Kuna|Kwacha|Kwanza|Kyat|Lari|Lek|Lempira|Leone|Leu|Lev|Lilangeni|Lira|Loti|Manat|Mark|"
    r"Metical|Naira|Nakfa|New Shekel|Ngultrum|Ouguiya|Pa\u02bbanga|Pataca|Peso|Pound|Pula|"
    r"Quetzal|Rand|Real|Rial|Riel|Ringgit|Riyal|Ruble|Rouble|Rufiyaa|Rupee|Rupiah|Shilling|"
    r"Sol|Som|Somoni|Tala|Taka|Tenge|Tugrik|Vatu|Won|Yen|Yuan|Zloty)s?\b"
)

UNCLEAN = re.compile(
    r"/|[-;]$|^(negl|no |not |nothing |possibly |likely |including |many |each |objected |"
    r"scheduled |poor |formerly|in transition|ethnic minorities|foreigner)|"
    r"\b(foster|fosters|fostering|join|shared|at least|especially|in name|in west)\b"
)
"""Pieces of source text that name nothing a sentence could be about."""
GOVERNMENT = re.compile(r"(republic|monarchy|democracy|federation|regime|state|sultanate)$")
"""A government type that takes the indefinite article ends so."""
BRACKET = re.compile(r"(.+) \(([^()]+)\)")
PLURAL_LANDS = re.compile(r"\b(?<!McDonald |Sandwich )(Islands|Alps|Antilles)$")
SLOT = re.compile(r"\{(?:(a|bare) )?([ht])('s)?\}")


class Phrase(NamedTuple):
    """A name as a sentence uses it, and the definite article it takes ("the " or nothing)."""

    article: str
    text: str


class Sentence(NamedTuple):
    """A filled sentence with its gold mentions in order of position."""

    text: str
    mentions: tuple[Mention, ...]


def article(name: str, types: tuple[str, ...]) -> str:
    """Return "the " when English puts it before such a name, else "".

    Args:
        name: an English name.
        types: the entity's types.

    Returns:
        The article and a space, or nothing.

    >>> article("Danube", ("river",)), article("Lake Victoria", ("lake",))
    ('the ', '')
    """
    kinds = set(types)
    if name in THE_COUNTRIES or PLURAL_LANDS.search(name):
        return "the "
    if kinds & {"river", "sea", "ocean", "currency"}:
        return "the "
    if "lake" in kinds:
        return "the " if name.endswith(("Sea", "Lagoon")) else ""
    if "organisation" in kinds:
        return "" if name in NO_ARTICLE_BODIES else "the "
    if "symbol" in kinds:
        is_proper = name.startswith(("Mount ", "Saint ", "Marianne", "Neptune", "Angkor"))
        return "" if is_proper and name.split()[-1][0].isupper() else "the "
    return "the " if name.endswith((" Sea", " Ocean")) else ""


def phrase(graph: Graph, entity: int, *, language: str = "en") -> Phrase | None:
    """Return how a sentence calls an entity, or None when it has no clean name there.

    Args:
        graph: where the entity and its names are.
        entity: its id.
        language: "en" uses the label, others the first name in that language.

    Returns:
        The name with its article. A type in brackets ("Niger (river)") is left out. None for
        other brackets (the plain name belongs to something of the same type), for labels that
        are no name, and where there is no name in the language.
    """
    if language != "en":
        found = graph.names_of(entity, language=language)
        return Phrase("", found[0]) if found else None
    label, kinds = graph.entities[entity], graph.types_of(entity)
    bracket = BRACKET.fullmatch(label)
    if bracket and bracket[2] in kinds:
        label = bracket[1]
    is_no_type = "government type" in kinds and not GOVERNMENT.search(label)
    if "(" in label or is_no_type or UNCLEAN.search(label):
        return None
    if "currency" in kinds:
        label = CURRENCY_WORDS.sub(lambda m: m.group().lower(), label)
    name = label[4:] if label.lower().startswith("the ") else label
    return Phrase("the " if name != label else article(name, kinds), name)


def indefinite(name: str) -> str:
    """Return the indefinite article before a name, by its first letters.

    >>> indefinite("absolute monarchy"), indefinite("unitary state")
    ('an ', 'a ')
    """
    first = name.lower()
    hums = first.startswith(("uni", "use", "eu", "one", "u.", "us "))
    return "an " if first[:1] in "aeiou" and not hums else "a "


def fill(statement: str, h: tuple[int, Phrase], t: tuple[int, Phrase]) -> Sentence:
    """Put two entities into a statement and say where they stand.

    Args:
        statement: text with slots such as `{h}`, `{t's}`, `{a t}`, `{bare h}`.
        h: head id and its phrase.
        t: tail id and its phrase.

    Returns:
        The sentence, first letter capital, with one mention per slot.

    >>> s = fill("{h} runs to {t}.", (4, Phrase("the ", "Danube")), (7, Phrase("", "Serbia")))
    >>> s.text, [s.text[m.span.start : m.span.end] for m in s.mentions]
    ('The Danube runs to Serbia.', ['Danube', 'Serbia'])
    """
    text, at, mentions = "", 0, []
    for slot in SLOT.finditer(statement):
        mode, end, possessive = slot.groups()
        entity, name = h if end == "h" else t
        lead = {"a": indefinite(name.text), "bare": ""}.get(mode, name.article)
        text += statement[at : slot.start()] + lead
        span = Span(len(text), len(text) + len(name.text))
        text += name.text
        if possessive:
            text += "'" if name.text.endswith("s") else "'s"
        mentions.append(Mention(span, entity, (Candidate(entity, 1.0),)))
        at = slot.end()
    text += statement[at:]
    return Sentence(text[:1].upper() + text[1:], tuple(mentions))
