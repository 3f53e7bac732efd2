"""The entries' prose as documents, with markup removed and offsets that stay."""

from __future__ import annotations

from collections.abc import Iterable

from lichen.data.atlas.countries import countries
from lichen.data.atlas.factbook import Entry
from lichen.data.corpus import Corpus, Document

PROSE = (
    "Introduction/Background", "Geography/Location", "Geography/Climate", "Geography/Terrain",
    "Geography/Natural hazards", "Geography/Population distribution",
    "Geography/Geography - note", "Geography/Area - comparative",
    "Geography/Major rivers (by length in km)", "People and Society/Languages/Languages",
    "People and Society/Languages", "People and Society/Religions",
    "People and Society/Ethnic groups", "People and Society/Demographic profile",
    "Environment/Environmental issues", "Government/Country name/etymology",
    "Government/Capital/etymology", "Government/Legal system",
    "Government/Constitution/history", "Government/Executive branch/election/appointment process",
    "Government/Judicial branch/highest court(s)", "Government/Independence", "Government/Flag",
    "Government/National anthem(s)/history", "Government/Dependency status",
    "Government/Government - note", "Economy/Economic overview", "Communications/Broadcast media",
    "Military and Security/Military and security forces",
    "Military and Security/Military deployments", "Military and Security/Military - note",
    "Military and Security/Military service age and obligation",
    "Military and Security/Military equipment inventories and acquisitions",
    "Space/Space program overview", "Space/Key space-program milestones",
)  # fmt: skip
"""Field paths that hold prose."""

SHORTEST = 40
"""Characters below which a field is not a document."""


def prose(entries: Iterable[Entry]) -> Corpus:
    """Return a document for every prose field of every entry, ordered by entry and field."""
    documents = []
    for entry in entries:
        country = countries().get(entry.code)
        for path in PROSE:
            text = entry.get(path)
            if country is not None and len(text) >= SHORTEST:
                meta = {"country": country.label, "field": path}
                documents.append(Document(id=f"{entry.code}/{path}", text=text, meta=meta))
    return Corpus(tuple(documents))
