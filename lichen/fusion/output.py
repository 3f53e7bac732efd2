"""What a fused model gives for a batch."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from transformers.modeling_outputs import SequenceClassifierOutput


@dataclass
class FusedOutput(SequenceClassifierOutput):  # type: ignore[misc]
    """Logits and loss, and the part of the loss that is no task's."""

    reading: Tensor | None = None
    """How far entity vectors read back from the text are from the true ones, a number."""
