"""What every fusion method is: a batch on its way through the backbone in, token states out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from typing import ClassVar

from torch import Tensor, nn

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ShapeError
from lichen.fusion import EVERY, FUSIONS
from lichen.fusion.known import Known
from lichen.fusion.passage import Passage
from lichen.fusion.shares import Shares


class Fusion(nn.Module, ABC):
    """One way to let a text read what the graph knows of it.

    Args:
        dim: width of a token's state.
        entity_dim: width of an entity's vector.
        fact_dim: width of what is told of a fact.
        at: where entities are read in: None is the output, k a hidden layer, 0 the input.
        num_layers: hidden layers of the backbone.

    Raises:
        ConfigError: a width is not positive, or the method cannot work at this point.
    """

    PAPER: str | None = None
    READING: ClassVar[int] = 1
    """Version of how the method reads and learns; kept runs of another are not read back."""
    READS_FACTS: ClassVar[bool] = False
    """Whether the facts about each linked entity are read, besides the entity."""
    WRITES_VECTORS: ClassVar[bool] = True
    """Whether vectors of the graph are written into states, from which a head may read them."""
    NEEDS_INSIDE: ClassVar[bool] = False
    """Whether layers of the backbone must come after the point of fusion."""
    ROOM: ClassVar[int] = 0
    """States that it adds to a sequence for each mention."""

    def __init__(
        self,
        dim: int,
        entity_dim: int,
        *,
        fact_dim: int = 1,
        at: int | None = None,
        num_layers: int = 1,
    ) -> None:
        super().__init__()
        check.whole("fusion.dim", dim, 1, 1_000_000)
        check.whole("fusion.entity_dim", entity_dim, 1, 1_000_000)
        self.dim = dim
        self.entity_dim = entity_dim
        self.fact_dim = fact_dim
        self.at = at
        self.num_layers = num_layers
        self.build()

    @abstractmethod
    def build(self) -> None:
        """Make the parameters."""

    @abstractmethod
    def forward(self, passage: Passage, known: Known) -> Tensor:
        """Return the backbone's output with the knowledge read in, `(batch, tokens, dim)`."""

    def weigh(self, passage: Passage, known: Known) -> Shares | None:  # noqa: ARG002
        """Return how much each mention reads of what it is shown; None: it cannot say.

        A method that can say overrides this, see `weighing`.
        """
        return None


class TokenFusion(Fusion):
    """A method by which each token of a linked mention reads in place, one state for one state.

    A token without a linked entity is returned unchanged, bit for bit.
    """

    def forward(self, passage: Passage, known: Known) -> Tensor:
        """Return the backbone's output with the knowledge read in, `(batch, tokens, dim)`."""
        return passage.after(self.read_in(passage.before(), known))

    def read_in(self, tokens: Tensor, known: Known) -> Tensor:
        """Return the token states with their entities read in.

        Args:
            tokens: `(batch, tokens, dim)`.
            known: the knowledge.

        Returns:
            `(batch, tokens, dim)`.

        Raises:
            ShapeError: states and knowledge do not fit each other or this method.
        """
        want = known.mask.shape
        if (
            tokens.shape != (*want, self.dim)
            or known.at_mentions.shape[-1] != self.entity_dim
            or known.mention_of.shape != want
        ):
            raise ShapeError(
                f"fusion: token states must be {(*want, self.dim)} and entities (batch, mentions, "
                f"{self.entity_dim}); got {tuple(tokens.shape)} and "
                f"{tuple(known.at_mentions.shape)}."
            )
        linked = known.linked
        if not linked.any():
            return tokens + 0.0 * known.at_mentions.sum()
        out = tokens.clone()
        out[linked] = self.read(tokens, known, linked).to(tokens.dtype)
        return out

    @abstractmethod
    def read(self, tokens: Tensor, known: Known, linked: Tensor) -> Tensor:
        """Return the new states of the linked tokens only, `(linked tokens, dim)`."""


def fusion_class(name: str) -> type[Fusion]:
    """Return a fusion method's class by name.

    Raises:
        ChoiceError: no such method.
    """
    module, _, kind = choose("fusion", name, FUSIONS).partition(":")
    found: type[Fusion] = getattr(import_module(module), kind)
    return found


def weighing() -> list[str]:
    """Return the names of the methods that can say how much they read."""
    return [name for name in EVERY if fusion_class(name).weigh is not Fusion.weigh]


def entity_writer(dim: int, entity_dim: int) -> nn.Linear:
    """Return a linear map from entity to state space that starts with orthonormal columns.

    So an entity's vector keeps its length and can be read back exactly as long as `entity_dim`
    does not exceed `dim`.
    """
    layer = nn.Linear(entity_dim, dim, bias=False)
    nn.init.orthogonal_(layer.weight)
    return layer
