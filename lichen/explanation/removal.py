"""Is the evidence what the answer rests on? Remove it and ask again."""

from __future__ import annotations

from dataclasses import dataclass

from lichen.data.query import Query
from lichen.reasoning.program import Found, Triple, execute
from lichen.reasoning.view import FactView


@dataclass(frozen=True)
class Removal:
    """What a query finds with all facts and without the cited ones."""

    before: Found
    after: Found

    @property
    def is_changed(self) -> bool:
        """Say whether the answer became different, as it must when it rests on the evidence."""
        same = self.before.entities == self.after.entities
        return not (same and self.before.value == self.after.value)


def remove_evidence(view: FactView, query: Query) -> Removal:
    """Execute a query with all facts, then without the facts and values it cites.

    A fact of a symmetric relation that stands in both directions is one fact and goes with both.

    Args:
        view: the facts; not changed.
        query: what was asked.

    Returns:
        Both results.
    """
    before = execute(view, query)
    facts = {fact for path in before.paths for fact in path}
    facts |= {Triple(f.t, f.relation, f.h) for f in facts if f.relation in view.symmetric}
    return Removal(before, execute(view.without(facts, before.readings), query))
