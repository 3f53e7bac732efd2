"""Queries as sequences of actions: the inventory, the grammar, and the words for each action."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lichen.base.errors import DataError
from lichen.data.atlas.generic import readable
from lichen.data.query import OPERATIONS, Branch, Query, Step
from lichen.reasoning.view import FactView

NONE = "none"
CONTROLS = (*OPERATIONS, NONE, "end", "and", "or")
MAX_POINTERS = 6
MAX_STEPS = 2
MAX_BRANCHES = 2


class Category(IntEnum):
    """What an action does in a query."""

    OPERATION = 0
    POINTER = 1
    TYPE = 2
    STEP = 3
    END = 4
    AND = 5
    OR = 6
    ATTRIBUTE = 7


class State(NamedTuple):
    """Where the writing of a query stands; `after` gives the next state."""

    phase: str = "operation"
    operation: str = ""
    num_branches: int = 0
    num_steps: int = 0
    is_typed: bool = False
    is_union: bool = False

    def allowed(self) -> frozenset[Category]:
        """Return the categories that may come next; none when the query is complete."""
        if self.phase == "operation":
            return frozenset({Category.OPERATION})
        if self.phase == "anchor":
            if self.num_branches or self.operation in ("select", "lookup"):
                return frozenset({Category.POINTER})
            return frozenset({Category.POINTER, Category.TYPE})
        if self.phase == "attribute":
            return frozenset({Category.ATTRIBUTE})
        return self._within() if self.phase == "steps" else frozenset()

    def _within(self) -> frozenset[Category]:
        found = set()
        is_open = self.num_branches < MAX_BRANCHES
        if not self.is_typed and not self.is_union and self.num_steps < MAX_STEPS:
            found.add(Category.STEP)
        if self.num_steps:
            found.add(Category.END)
            if is_open and self.operation in ("select", "count"):
                found.add(Category.AND)
        elif self.is_typed or self.is_union or self.operation == "lookup":
            found.add(Category.END)
        elif is_open and self.operation in ("max", "min"):
            found.add(Category.OR)
        return frozenset(found)

    def after(self, category: Category, operation: str = "") -> State:
        """Return the state after an action of a category; `operation` for an operation."""
        return _after(self, category, operation)


@lru_cache(maxsize=4096)
def _after(state: State, category: Category, operation: str) -> State:
    if category == Category.OPERATION:
        return State("done" if operation == NONE else "anchor", operation)
    if category in (Category.POINTER, Category.TYPE):
        return state._replace(
            phase="steps",
            num_branches=state.num_branches + 1,
            num_steps=0,
            is_typed=category == Category.TYPE,
        )
    if category == Category.STEP:
        return state._replace(num_steps=state.num_steps + 1)
    if category in (Category.AND, Category.OR):
        return state._replace(phase="anchor", is_union=category == Category.OR)
    if category == Category.END and state.operation in ("max", "min", "lookup"):
        return state._replace(phase="attribute")
    return state._replace(phase="done")


@dataclass(frozen=True)
class Inventory:
    """All actions there are: controls, then labels (steps, attributes, types), then pointers."""

    labels: tuple[str, ...]
    """Step keys, then attributes as "@name", then types as "*name"."""

    @classmethod
    def of(cls, view: FactView) -> Inventory:
        """Return the inventory of a view."""
        steps = [
            f"{relation}{side}"
            for relation in view.relations
            for side in "><"
            if not (side == "<" and relation in view.symmetric)
        ]
        attributes = [f"@{name}" for name in view.attributes]
        return cls((*steps, *attributes, *(f"*{name}" for name in view.types)))

    def __len__(self) -> int:
        """Count the actions."""
        return len(CONTROLS) + len(self.labels) + MAX_POINTERS

    @property
    def first_pointer(self) -> int:
        """The action that points to the first mention."""
        return len(CONTROLS) + len(self.labels)

    def categories(self) -> NDArray[np.int64]:
        """Return the category of each action, shape `(actions,)`."""
        kinds = {"@": Category.ATTRIBUTE, "*": Category.TYPE}
        controls = [Category.OPERATION] * (len(OPERATIONS) + 1)
        controls += [Category.END, Category.AND, Category.OR]
        labels = [kinds.get(label[0], Category.STEP) for label in self.labels]
        return np.array([*controls, *labels, *[Category.POINTER] * MAX_POINTERS], dtype=np.int64)

    def index(self) -> dict[str, int]:
        """Return each control's and label's action."""
        return {name: i for i, name in enumerate((*CONTROLS, *self.labels))}


def write(query: Query | None, pointers: dict[int, int], index: dict[str, int]) -> list[int]:
    """Return the actions that spell a query.

    Args:
        query: None is the operation "none".
        pointers: anchor id to the action that points to its mention.
        index: from `Inventory.index`.

    Returns:
        Actions in order.

    Raises:
        DataError: an anchor has no mention, or a label is not in the inventory.
    """
    if query is None:
        return [index[NONE]]
    try:
        actions = [index[query.operation]]
        for place, branch in enumerate(query.branches):
            if place:
                actions.append(index["or" if query.is_union else "and"])
            anchor = branch.anchor
            actions.append(pointers[anchor] if anchor is not None else index[f"*{branch.type}"])
            actions += [index[step.key] for step in branch.steps]
        actions.append(index["end"])
        if query.attribute is not None:
            actions.append(index[f"@{query.attribute}"])
    except KeyError as error:
        raise DataError(
            f"query {query}: every anchor must be a mention and every label in the graph; "
            f"{error.args[0]!r} is not."
        ) from None
    return actions


def read(names: list[str], anchors: list[int | None]) -> Query | None:
    """Return the query that actions spell, or None for "none".

    Args:
        names: control and label names in order; a pointer is "".
        anchors: for each name the entity pointed to, or None.
    """
    if names[:1] == [NONE]:
        return None
    branches: list[Branch] = []
    attribute, is_union = None, False
    for name, anchor in zip(names[1:], anchors[1:], strict=True):
        if anchor is not None:
            branches.append(Branch(anchor))
        elif name.startswith("*"):
            branches.append(Branch(None, (), name[1:]))
        elif name.startswith("@"):
            attribute = name[1:]
        elif name == "or":
            is_union = True
        elif name not in CONTROLS:
            branches[-1] = branches[-1]._replace(steps=(*branches[-1].steps, Step.of(name)))
    return Query(names[0], tuple(branches), attribute, is_union)


def describe(label: str, view: FactView) -> str:
    """Return words for a label, from which its vector is made; no wording of questions is used.

    >>> from lichen.data.graph import Graph
    >>> view = FactView(Graph.from_triples([("Austria", "capital", "Vienna")]))
    >>> describe("capital>", view), describe("capital<", view)
    ('a thing has capital which thing?', 'which thing has capital a thing?')
    """
    if label.startswith("@"):
        return f"what is the {readable(label[1:])}?"
    if label.startswith("*"):
        return f"all: {readable(label[1:])}"
    head, tail = view.ends_of(label[:-1])
    name = readable(label[:-1])
    if " " not in name:
        name = f"has {name}" if not name.endswith("s") else name
    if label.endswith(">"):
        return f"a {head} {name} which {tail}?"
    return f"which {head} {name} a {tail}?"
