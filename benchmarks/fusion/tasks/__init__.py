"""The tasks of the fusion bench: name to loader, `load(*, seed, num_train, num_test) -> Task`."""

from __future__ import annotations

from collections.abc import Callable

from tasks import (
    absa,
    atlas,
    cdr,
    csqa,
    fewrel,
    finre,
    ner,
    phrasebank,
    pubmedqa,
    reviews,
    semeval2010,
    sst2,
    umls,
    wsd,
)
from tasks.task import Task

TASKS: dict[str, Callable[..., Task]] = {
    "sst2": sst2.load,
    "semeval2010": semeval2010.load,
    "fewrel": fewrel.load,
    "finre": finre.load,
    "chnsenticorp": reviews.chnsenticorp,
    "book_review": reviews.book_review,
    "phrasebank": phrasebank.load,
    "absa": absa.load,
    "csqa": csqa.load,
    "cdr": cdr.load,
    "ner": ner.load,
    "pubmedqa": pubmedqa.load,
    "wsd": wsd.load,
    "atlas": atlas.load,
    "umls": umls.load,
}
"""Every loader by the name of its task."""
