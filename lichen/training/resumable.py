"""The Trainer below all runs: whole checkpoints, the figures of all calls, the model as it was."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from torch import nn
from transformers import Trainer, TrainerState

from lichen.embedding.artifact import drafted

LAST_FILE = "trainer_state.json"
"""What a checkpoint ends with, so one without it was cut short."""
SECONDS = "seconds"
"""What a checkpoint's history calls the seconds up to it."""


class ResumableTrainer(Trainer):  # type: ignore[misc]
    """Train so that a run that was cut short and went on tells the figures of the whole."""

    earlier_s: float = 0.0
    """Seconds of the calls before, up to the checkpoint that this one goes on from."""
    started: float
    """When this call began, on the clock of `time.perf_counter`."""

    def train(self, resume_from_checkpoint: Path | None = None) -> Any:
        """Train, then take off the model what the Trainer wraps it in for half precision.

        Args:
            resume_from_checkpoint: the folder to go on from, or None.
        """
        self.started = time.perf_counter()
        place = None
        if resume_from_checkpoint is not None:
            place = str(resume_from_checkpoint)
            self.earlier_s = _seconds_of(Path(place))
        try:
            return super().train(resume_from_checkpoint=place)
        finally:
            self.accelerator.unwrap_model(self.model, keep_fp32_wrapper=False)

    @property
    def seconds(self) -> float:
        """Return the seconds of training so far, those of the calls before included."""
        return self.earlier_s + time.perf_counter() - self.started

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Let the seconds at the end be those of all calls."""
        if "train_runtime" in logs:
            logs = {**logs, "train_runtime": round(self.seconds, 4)}
        super().log(logs, *args, **kwargs)

    def _save_rng_state(self, output_dir: str) -> None:
        """Write this process's random state, and wait for the others before the last file."""
        super()._save_rng_state(output_dir)
        self.accelerator.wait_for_everyone()

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        step = self.state.global_step
        self.state.log_history.append({SECONDS: self.seconds, "step": step})
        folder = Path(self.args.output_dir, f"checkpoint-{step}")
        with drafted(folder, of=folder):
            super()._save_checkpoint(model, trial)


def _seconds_of(checkpoint: Path) -> float:
    history = TrainerState.load_from_json(str(checkpoint / LAST_FILE)).log_history
    return max((float(line[SECONDS]) for line in history if SECONDS in line), default=0.0)
