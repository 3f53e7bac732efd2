"""Execute a query over a view: the answers, and the facts and values that they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from lichen.data.graph import Literal
from lichen.data.query import Branch, Query, Step
from lichen.reasoning.view import FactView

MAX_PATHS = 400
"""Paths kept per answer set; more are not cited."""


class Triple(NamedTuple):
    """One fact: head id, relation label, tail id."""

    h: int
    relation: str
    t: int


Path = tuple[Triple, ...]


@dataclass(frozen=True)
class Found:
    """What a query leads to; empty when the graph holds no answer."""

    entities: tuple[int, ...] = ()
    value: float | str | None = None
    unit: str | None = None
    paths: tuple[Path, ...] = ()
    """Chains of facts from an anchor to an answer, or to what was counted or measured."""
    readings: tuple[Literal, ...] = ()
    """Attribute values used, the deciding one first."""

    @property
    def is_empty(self) -> bool:
        """Say whether there is no answer."""
        return not self.entities and self.value is None


def execute(view: FactView, query: Query) -> Found:
    """Follow the branches, join their ends and apply the operation.

    Args:
        view: the facts.
        query: what to do.

    Returns:
        Answers with the facts used; empty when some part leads nowhere.
    """
    ends, paths = _join(view, query)
    if not ends:
        return Found()
    if query.operation == "select":
        return Found(ends, paths=paths)
    if query.operation == "count":
        return Found(value=float(len(ends)), paths=paths)
    if query.attribute is None:
        return Found()
    readings = [x for e in ends if (x := view.literal(e, query.attribute)) is not None]
    if query.operation == "lookup":
        return _looked_up(readings, paths)
    return _extreme(query, readings, paths)


def _looked_up(readings: list[Literal], paths: tuple[Path, ...]) -> Found:
    if not readings:
        return Found()
    first = readings[0]
    used = tuple(p for p in paths if not p or first.entity in (p[-1].h, p[-1].t))
    return Found((), first.value, first.unit, used, tuple(readings[:1]))


def _extreme(query: Query, readings: list[Literal], paths: tuple[Path, ...]) -> Found:
    numbers = [x for x in readings if not isinstance(x.value, str)]
    if len(numbers) < 2 and (query.is_union or not numbers):
        return Found()
    numbers.sort(key=lambda x: (float(x.value), -x.entity), reverse=query.operation == "max")
    best = numbers[0]
    used = tuple(p for p in paths if p and best.entity in (p[-1].h, p[-1].t))
    return Found((best.entity,), None, best.unit, used, tuple(numbers[:2]))


def _join(view: FactView, query: Query) -> tuple[tuple[int, ...], tuple[Path, ...]]:
    ends: tuple[int, ...] = ()
    reached: list[dict[int, list[Path]]] = []
    for place, branch in enumerate(query.branches):
        found = _walk(view, branch)
        reached.append(found)
        if place == 0:
            ends = tuple(found)
        elif query.is_union:
            ends = tuple(dict.fromkeys((*ends, *found)))
        else:
            ends = tuple(e for e in ends if e in found)
    paths = [p for end in ends for found in reached for p in found.get(end, ()) if p]
    return ends, tuple(paths[:MAX_PATHS])


def _walk(view: FactView, branch: Branch) -> dict[int, list[Path]]:
    """Return each end with the paths that lead to it."""
    if branch.type is not None:
        here: dict[int, list[Path]] = {e: [()] for e in view.of_type(branch.type)}
    else:
        here = {branch.anchor: [()]} if branch.anchor is not None else {}
    for step in branch.steps:
        there: dict[int, list[Path]] = {}
        for entity, paths in here.items():
            for end in view.ends(entity, step):
                fact = _fact(view, entity, step, end)
                there.setdefault(end, []).extend((*p, fact) for p in paths)
        here = there
    return here


def _fact(view: FactView, entity: int, step: Step, end: int) -> Triple:
    ahead = Triple(entity, step.relation, end)
    behind = Triple(end, step.relation, entity)
    first, second = (ahead, behind) if step.forward else (behind, ahead)
    return first if view.has(*first) else second
