"""What drugs are given for and what targets are studied in: the Therapeutic Target Database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from tasks.task import data

STATUSES = ("Approved", "Phase 4", "Phase 3", "Phase 2", "Phase 1")
"""From the best proven use of a drug on; later ones are not told apart."""


class Use(NamedTuple):
    """A drug or target and a disease."""

    name: str
    relation: str
    disease: str
    icd: str
    """ICD-11 code, such as "EC90"; empty where there is none."""


@cache
def uses() -> tuple[Use, ...]:
    """Return all rows, those of approved drugs first."""
    found = [*_drugs(), *_targets()]
    found.sort(key=lambda row: row[0])
    return tuple(use for _, use in found)


def normal(name: str) -> str:
    """Return a name without case, punctuation and plural, by which names are compared."""
    words = re.sub(r"[^a-z0-9]+", " ", name.lower().replace("'s", "")).split()
    return " ".join(word[:-1] if len(word) > 3 and word[-1] == "s" else word for word in words)


def _rank(status: str) -> int:
    return next((i for i, x in enumerate(STATUSES) if status.startswith(x)), len(STATUSES))


def _drugs() -> Iterator[tuple[int, Use]]:
    drug = ""
    for fields in _rows("P1-05-Drug_disease.txt"):
        if fields[0] == "DRUGNAME":
            drug = fields[1].strip()
        elif fields[0] == "INDICATI" and len(fields) == 4 and drug:
            rank = _rank(fields[3].strip())
            relation = "approved for" if rank == 0 else "studied for"
            yield rank, Use(drug, relation, fields[1].strip(), _icd(fields[2]))


def _targets() -> Iterator[tuple[int, Use]]:
    target = ""
    for fields in _rows("P1-06-Target_disease.txt"):
        if len(fields) > 2 and fields[1] == "TARGNAME":
            target = fields[2].strip()
        elif len(fields) > 4 and fields[1] == "INDICATI" and target:
            yield _rank(fields[2]) + 1, Use(target, "target in", fields[3].strip(), _icd(fields[4]))


def _rows(file: str) -> Iterator[list[str]]:
    for line in (data("med_ttd") / file).read_text(encoding="utf-8").splitlines():
        if "\t" in line:
            yield line.split("\t")


def _icd(text: str) -> str:
    found = re.search(r"ICD-11: ([A-Z0-9]{4})", text)
    return found.group(1) if found else ""
