"""What every graph layer is given, and how a name becomes one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from typing import Any, ClassVar, NamedTuple, cast

from torch import Tensor, nn

from lichen.base.choose import choose
from lichen.base.extras import need
from lichen.embedding.gnn import LAYERS


class Messages(NamedTuple):
    """The edges one layer reads; numbers are rows of its input."""

    edges: Tensor
    """`(2, edges)` source and target."""
    relation: Tensor
    """`(edges,)` directed relation."""
    share: Tensor
    """`(edges,)` how many edges of its target each stands for."""
    of_mean: Tensor
    """`(edges,)` by what a mean over the edges of its target and relation is multiplied, so that
    it is on average the one over all of them, or 0 of none; 1 when all are read."""
    degree: Tensor
    """`(nodes,)` edges that reach each node in the whole graph."""
    num_targets: int
    """The nodes to compute are the first ones."""


class GraphLayer(nn.Module, ABC):
    """Entity states and edges to new states of the same width.

    Args:
        dim: width of a state.
        num_relations: directed relations, both ways counted.
    """

    PAPER: ClassVar[str]

    def __init__(self, dim: int, *, num_relations: int) -> None:
        super().__init__()
        self.dim, self.num_relations = dim, num_relations

    @abstractmethod
    def forward(self, states: Tensor, messages: Messages) -> Tensor:
        """Return new states: `(nodes, dim)` -> `(num_targets, dim)`."""


def make_layer(name: str, dim: int, *, num_relations: int) -> GraphLayer:
    """Return the layer of that name; its weights start by torch's global stream.

    Raises:
        ChoiceError: no such layer; the message suggests the nearest.
        MissingExtraError: torch-geometric is not installed.
    """
    module, _, class_name = choose("layers", name, LAYERS).partition(":")
    made = getattr(import_module(module), class_name)(dim, num_relations=num_relations)
    return cast("GraphLayer", made)


def geometric(name: str) -> Any:
    """Return a class of `torch_geometric.nn`.

    Raises:
        MissingExtraError: torch-geometric is not installed.
    """
    return getattr(need("torch_geometric.nn", extra="pyg", why="a graph network"), name)
