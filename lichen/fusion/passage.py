"""One batch on its way through the backbone: up to the point of fusion, and on from there."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from lichen.fusion.batch import Batch
from lichen.fusion.padding import in_parts
from lichen.fusion.seen import takes_positions
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
        mask = self.batch["attention_mask"]
        numbers = torch.arange(mask.shape[1], device=mask.device)
        last: Tensor = (mask * numbers).argmax(1)  # words within may be hidden
        return last if self.text.is_causal else torch.zeros_like(last)

    def before(self) -> Tensor:
        """Return the states at the point, `(batch, tokens, dim)` float32."""
        kept = self.batch.get("states")
        if kept is not None:
            return kept
        inputs = {key: self.batch[key] for key in ("input_ids", "attention_mask")}
        return self._run(inputs, given=None, stop=self.at)

    def after(self, states: Tensor, *, behind: Tensor | None = None) -> Tensor:
        """Run the rest of the backbone on states, and return its output.

        Further states are given and returned behind the tokens, and read in the midst of them:
        each behind a token of its text, so that where it stands hangs on that text alone. A causal
        model reads them behind the first token, so that all others see them.

        Args:
            states: `(batch, tokens + more, dim)`.
            behind: `(batch, more)` int; behind which token each of the states that are no tokens
                of the text is read, -1 for one that is not looked at. None: there are none.
        """
        return states if self.at is None else self.between(states, self.at, None, behind=behind)

    def between(
        self, states: Tensor, start: int, stop: int | None, *, behind: Tensor | None = None
    ) -> Tensor:
        """Run the layers after `start` up to `stop`; None runs to the output."""
        ids, mask = self.batch["input_ids"], self.batch["attention_mask"]
        if behind is None:
            inputs = {"input_ids": ids, "attention_mask": mask}
            return self._run(inputs, given=(start, states), stop=stop)
        is_there, size = behind >= 0, ids.shape[1]
        if self.text.is_causal:
            behind = behind.clamp(max=0)
        place = torch.where(is_there, 2 * behind + 1, 2 * size)
        own = 2 * torch.arange(size, device=ids.device).expand_as(ids)
        order = torch.cat([own, place], 1).argsort(dim=1, stable=True)
        inputs = {
            "input_ids": torch.cat([ids, ids.new_zeros(behind.shape)], 1).gather(1, order),
            "attention_mask": torch.cat([mask, is_there.to(mask.dtype)], 1).gather(1, order),
        }
        if self.text.is_causal and takes_positions(self.backbone):
            inputs["position_ids"] = order * (order < size)
        longest = 1 + int(
            inputs["attention_mask"].any(0).nonzero().max()
        )  # then nobody has a token
        inputs = {key: value[:, :longest] for key, value in inputs.items()}
        given = _ordered(states, order)[:, :longest]
        out = self._run(inputs, given=(start, given), stop=stop)
        out = nn.functional.pad(out, (0, 0, 0, order.shape[1] - longest))
        return _ordered(out, order.argsort(1))

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


def _ordered(states: Tensor, order: Tensor) -> Tensor:
    """Return the states `(batch, tokens, dim)` of each text in an order, `(batch, tokens)`."""
    batch, count, _ = states.shape
    rows = order + count * torch.arange(batch, device=order.device).unsqueeze(1)
    return states.flatten(0, 1).index_select(0, rows.flatten()).view_as(states)
