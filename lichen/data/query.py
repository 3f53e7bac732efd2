"""What a question asks of a graph, as plain data: anchors, steps, an operation."""

from __future__ import annotations

from typing import NamedTuple

OPERATIONS = ("select", "count", "max", "min", "lookup")
"""What is done with the entities found: give them, count them, the extreme one by an attribute,
or the attribute's value."""


class Step(NamedTuple):
    """One relation followed from head to tail (`forward`) or from tail to head.

    >>> Step("capital").key, Step.of("capital<")
    ('capital>', Step(relation='capital', forward=False))
    """

    relation: str
    forward: bool = True

    @property
    def key(self) -> str:
        """The step as one word: the relation, then ">" or "<"."""
        return self.relation + (">" if self.forward else "<")

    @classmethod
    def of(cls, key: str) -> Step:
        """Return the step of a key."""
        return cls(key[:-1], key.endswith(">"))


class Branch(NamedTuple):
    """Steps from one entity, or from all entities of a type."""

    anchor: int | None
    """Entity id; None when `type` says where to start."""
    steps: tuple[Step, ...] = ()
    type: str | None = None


class Query(NamedTuple):
    """Branches whose ends are joined, then the operation.

    >>> str(Query("count", (Branch(3, (Step("borders"),)),)))
    'count(#3 borders>)'
    """

    operation: str
    branches: tuple[Branch, ...]
    attribute: str | None = None
    is_union: bool = False
    """Whether ends of any branch count (a comparison of two) and not only those of all."""

    def __str__(self) -> str:
        """Show the query on one line."""
        parts = [
            " ".join([f"#{b.anchor}" if b.type is None else b.type, *(s.key for s in b.steps)])
            for b in self.branches
        ]
        body = (" or " if self.is_union else " and ").join(parts)
        return f"{self.operation}({body}{f' by {self.attribute}' if self.attribute else ''})"
