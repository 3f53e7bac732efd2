"""One batch on its way through the backbone: up to the point of fusion, and on from there."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from lichen.fusion.batch import Batch
from lichen.fusion.branches import takes_positions
from lichen.fusion.padding import in_parts
from lichen.fusion.splice import run_layers
from lichen.lm.attention import attention_of
from lichen.lm.text_encoder import TextEncoder


class Passage:
    """What a fusion method sees of the backbone for one batch.

    Args:
        text: the language model.
        batch: its inputs, and the states at the point where they are kept.
        at: where entities are read in: None is the output, k the k-th hidden layer, 0 what the
            first layer reads.
    """

    def __init__(self, text: TextEncoder, batch: Batch, *, at: int | None) -> None:
        self.text = text
        self.backbone: nn.Module = text.model
        self.batch = batch
        self.at = at

    @property
    def is_output(self) -> bool:
        """Say whether nothing of the backbone comes after the point."""
        return self.at is None

    def speaker(self) -> Tensor:
        """Return which token speaks for its text, `(batch,)`.

        It is the first; in a causal model, whose first token has read nothing, the last.
        """
        last: Tensor = self.batch["attention_mask"].sum(1) - 1
        return last if self.text.is_causal else torch.zeros_like(last)

    def before(self) -> Tensor:
        """Return the states at the point, `(batch, tokens, dim)` float32."""
        kept = self.batch.get("states")
        if kept is not None:
            return kept
        inputs = {key: self.batch[key] for key in ("input_ids", "attention_mask")}
        return self._run(inputs, given=None, stop=self.at)

    def after(self, states: Tensor, *, more: Tensor | None = None) -> Tensor:
        """Run the rest of the backbone on states, and return its output.

        Where a causal model has further states, they are read after the first token and before
        all others, so that these see them; they are given and returned at the end all the same.

        Args:
            states: `(batch, tokens + more, dim)`.
            more: `(batch, more)` bool; which of the states that are no tokens of the text may be
                looked at. None: there are none.
        """
        return states if self.at is None else self.between(states, self.at, None, more=more)

    def between(
        self, states: Tensor, start: int, stop: int | None, *, more: Tensor | None = None
    ) -> Tensor:
        """Run the layers after `start` up to `stop`; None runs to the output."""
        ids, mask = self.batch["input_ids"], self.batch["attention_mask"]
        if more is None:
            inputs = {"input_ids": ids, "attention_mask": mask}
            return self._run(inputs, given=(start, states), stop=stop)
        inputs = {
            "input_ids": torch.cat([ids, ids.new_zeros(more.shape)], 1),
            "attention_mask": torch.cat([mask, more.to(mask.dtype)], 1),
        }
        if not self.text.is_causal:
            return self._run(inputs, given=(start, states), stop=stop)
        size, count = ids.shape[1], states.shape[1]
        order = torch.tensor([0, *range(size, count), *range(1, size)], device=ids.device)
        inputs = {key: value[:, order] for key, value in inputs.items()}
        if takes_positions(self.backbone):
            inputs["position_ids"] = (order * (order < size)).expand(len(ids), -1)
        out = self._run(inputs, given=(start, states[:, order]), stop=stop)
        return out[:, order.argsort()]

    def _run(
        self, inputs: dict[str, Tensor], *, given: tuple[int, Tensor] | None, stop: int | None
    ) -> Tensor:
        with self.text.autocast():
            out: Tensor
            if given is None and stop is None:  # the whole backbone, whatever holds its layers
                with self._attention(inputs):
                    out = self.backbone(**inputs).last_hidden_state
            elif given is None or self.text.is_causal:
                out = self._run_layers(inputs, given=given, stop=stop)
            else:
                out = self._run_on(given, inputs["attention_mask"], stop=stop)
        return out.float()

    def _run_on(self, given: tuple[int, Tensor], mask: Tensor, *, stop: int | None) -> Tensor:
        """Run layers of an encoder on states; ids, which no layer reads, are left out."""

        def run(states: Tensor, mask: Tensor) -> Tensor:
            inputs = {"input_ids": torch.zeros_like(mask), "attention_mask": mask}
            return self._run_layers(inputs, given=(given[0], states), stop=stop)

        return in_parts(run, given[1], mask)

    def _run_layers(
        self, inputs: dict[str, Tensor], *, given: tuple[int, Tensor] | None, stop: int | None
    ) -> Tensor:
        with self._attention(inputs):
            return run_layers(
                self.backbone, inputs, given=given, stop=stop, as_tuple=self.text.returns_tuple
            )

    def _attention(self, inputs: dict[str, Tensor]) -> AbstractContextManager[None]:
        mask = inputs["attention_mask"]
        return attention_of(mask.device, tokens=mask.shape[1])
