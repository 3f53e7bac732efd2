"""What every fusion method is: token states and their entities' vectors in, token states out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module

from torch import Tensor, nn

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ShapeError
from lichen.fusion import FUSIONS


class Fusion(nn.Module, ABC):
    """One way to let tokens read the entities they are linked to.

    Shapes: tokens `(batch, tokens, dim)`, entities `(batch, tokens, entity_dim)`,
    linked `(batch, tokens)` bool -> `(batch, tokens, dim)`. A token without a linked entity is
    returned unchanged, bit for bit.

    Args:
        dim: width of a token's state.
        entity_dim: width of an entity's vector.

    Raises:
        ConfigError: a width is not positive.
    """

    PAPER: str | None = None

    def __init__(self, dim: int, entity_dim: int) -> None:
        super().__init__()
        check.between("fusion.dim", dim, 1, 1_000_000)
        check.between("fusion.entity_dim", entity_dim, 1, 1_000_000)
        self.dim = dim
        self.entity_dim = entity_dim

    def forward(self, tokens: Tensor, entities: Tensor, linked: Tensor) -> Tensor:
        """Return the token states with their entities read in.

        Raises:
            ShapeError: the three do not fit each other or this method.
        """
        want = (*tokens.shape[:2], self.entity_dim)
        if tokens.shape[-1] != self.dim or entities.shape != want or linked.shape != want[:2]:
            raise ShapeError(
                f"fusion: tokens, entities and linked must be (batch, tokens, {self.dim}), (batch, "
                f"tokens, {self.entity_dim}) and (batch, tokens); got {tuple(tokens.shape)}, "
                f"{tuple(entities.shape)} and {tuple(linked.shape)}."
            )
        if not linked.any():
            return tokens + 0.0 * entities.sum()
        out = tokens.clone()
        out[linked] = self.read(tokens, entities.to(tokens.dtype), linked).to(tokens.dtype)
        return out

    @abstractmethod
    def read(self, tokens: Tensor, entities: Tensor, linked: Tensor) -> Tensor:
        """Return the new states of the linked tokens only, `(linked tokens, dim)`."""


def make_fusion(name: str, dim: int, entity_dim: int) -> Fusion:
    """Make a fusion method by name.

    Args:
        name: a key of `FUSIONS`.
        dim: width of a token's state.
        entity_dim: width of an entity's vector.

    Raises:
        ChoiceError: no such method.

    >>> make_fusion("gate", 8, 4).entity_dim
    4
    """
    module, _, kind = choose("fusion", name, FUSIONS).partition(":")
    fusion: Fusion = getattr(import_module(module), kind)(dim, entity_dim)
    return fusion


def entity_writer(dim: int, entity_dim: int) -> nn.Linear:
    """Return a linear map from entity to state space that starts with orthonormal columns.

    So an entity's vector keeps its length and can be read back exactly as long as `entity_dim`
    does not exceed `dim`.
    """
    layer = nn.Linear(entity_dim, dim, bias=False)
    nn.init.orthogonal_(layer.weight)
    return layer
