"""An encoder's entity vectors as training sees them: rows to read, gradients to give back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.optimise import (
    Optimiser,
    load_rows_state,
    load_weights_state,
    make_optimiser,
    weights_state,
)

_STREAM = "stream"


class Entities(Protocol):
    """Where a step reads entity vectors and leaves their gradients."""

    def all(self) -> Tensor:
        """Return every vector, `(entities, width)`, outside autograd."""
        ...

    def rows(self, ids: Tensor) -> Tensor:
        """Return the vectors of distinct ids, `(ids, width)`, outside autograd."""
        ...

    def push(self, gradient: Tensor, ids: Tensor | None = None) -> None:
        """Move what made the vectors last read; `ids` are those given to `rows`, None is all."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Return what a checkpoint must keep beside the encoder's own tensors."""
        ...

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from such a state."""
        ...

    def set_learning_rate(self, learning_rate: float) -> None:
        """Change the step."""
        ...


class TableEntities:
    """Vectors that are learned one by one: steps touch the rows used.

    Args:
        encoder: whose table moves.
        optimiser: how it moves.
        learning_rate: the step.
        max_norm: length to which longer vectors are cut back after a step (a hard form of the
            unit length of Bordes et al., 2013, NeurIPS 26, algorithm 1); 0 is no limit.
    """

    def __init__(
        self,
        encoder: GraphEncoder,
        optimiser: Optimiser,
        *,
        learning_rate: float,
        max_norm: float = 0.0,
    ) -> None:
        self.table = encoder.entity_table.detach()
        self.max_norm = max_norm
        self.steps = make_optimiser(optimiser, encoder.entity_table, learning_rate=learning_rate)

    def all(self) -> Tensor:
        """Return the table."""
        return self.table

    def rows(self, ids: Tensor) -> Tensor:
        """Return some of its rows."""
        return self.table.index_select(0, ids)

    def push(self, gradient: Tensor, ids: Tensor | None = None) -> None:
        """Move the rows."""
        self.steps.step(gradient, rows=ids)
        if self.max_norm and ids is None:
            self.table.renorm_(2, 0, self.max_norm)
        elif self.max_norm and ids is not None:
            self.table.index_copy_(0, ids, self.rows(ids).renorm_(2, 0, self.max_norm))

    def state(self) -> dict[str, Tensor]:
        """Return the optimiser's state."""
        return self.steps.state()

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from such a state."""
        load_rows_state(self.steps, state)

    def set_learning_rate(self, learning_rate: float) -> None:
        """Change the step."""
        self.steps.learning_rate = learning_rate


class ComputedEntities:
    """Vectors that the encoder computes, such as a graph network's: steps move its weights.

    Args:
        encoder: gives `vectors(ids)` under autograd.
        learning_rate: of Adam, which moves them whatever `EmbeddingConfig.optimiser` says; that
            is of relations and of the scorer.
    """

    def __init__(self, encoder: GraphEncoder, *, learning_rate: float) -> None:
        self.encoder = encoder
        own = {id(encoder.relation_table), *map(id, encoder.scorer.parameters())}
        self.weights = [x for x in encoder.parameters() if id(x) not in own]
        self.steps = torch.optim.Adam(self.weights, lr=learning_rate)
        self._last: Tensor | None = None

    def all(self) -> Tensor:
        """Compute every vector."""
        self._last = self.encoder.vectors()
        return self._last.detach()

    def rows(self, ids: Tensor) -> Tensor:
        """Compute some vectors."""
        self._last = self.encoder.vectors(ids)
        return self._last.detach()

    def push(self, gradient: Tensor, ids: Tensor | None = None) -> None:
        """Send the gradient back through what computed the vectors last read."""
        del ids
        if self._last is None:
            raise RuntimeError("push comes after all() or rows()")
        self.steps.zero_grad(set_to_none=True)
        torch.autograd.backward(self._last, gradient)
        self._last = None
        self.steps.step()

    def state(self) -> dict[str, Tensor]:
        """Return Adam's moments and steps, by weight, and the encoder's stream where it draws."""
        found = weights_state(self.steps, self.weights)
        if self.encoder.draw is not None:
            said = json.dumps(self.encoder.draw.bit_generator.state).encode()
            found[_STREAM] = torch.frombuffer(bytearray(said), dtype=torch.uint8)
        return found

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from such a state."""
        weights = {k: x for k, x in state.items() if k != _STREAM}
        load_weights_state(self.steps, self.weights, weights)
        if self.encoder.draw is not None:
            said = json.loads(state[_STREAM].numpy().tobytes())
            self.encoder.draw.bit_generator.state = said

    def set_learning_rate(self, learning_rate: float) -> None:
        """Change the step."""
        for group in self.steps.param_groups:
            group["lr"] = learning_rate
