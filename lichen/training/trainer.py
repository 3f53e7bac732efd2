"""The Hugging Face Trainer for fused models: items in, light checkpoints, figures as JSON lines."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.utils.data import Sampler
from transformers import PrinterCallback, TrainerCallback, TrainingArguments

from lichen.base.progress import track
from lichen.training.config import TrainConfig
from lichen.training.learning import Learning
from lichen.training.rates import parameter_groups
from lichen.training.reporters import place_events
from lichen.training.resumable import ResumableTrainer

WEIGHTS = "trained.safetensors"
OWN = "learning."
"""What the names of weights that are no model's begin with in a checkpoint."""


class FusedTrainer(ResumableTrainer):
    """Train fusion and head, and what else is not frozen; checkpoints hold only what is trained."""

    groups: list[dict[str, Any]]
    """What is trained: each part with its own learning rate."""

    order: Sampler[int] | None = None
    """The order of what batches are drawn from; None leaves it to chance alone."""

    turn: tuple[int, int] = (0, -1)
    """The step that was last taken, and how many passes it has had before this one."""

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Any,
        return_outputs: bool = False,  # noqa: FBT001, FBT002 - the Trainer's signature
        **_more: Any,
    ) -> Any:
        """Return the loss of all that is learned, drawn by the number of passes so far."""
        out = model(inputs, self._turn())
        return (out["loss"], out) if return_outputs else out["loss"]

    def _turn(self) -> int:
        """Count the passes so far: the same after a resume, several a step where they add up."""
        step = self.state.global_step
        self.turn = (step, self.turn[1] + 1 if self.turn[0] == step else 0)
        return int(step * self.args.gradient_accumulation_steps + self.turn[1])

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Add the losses of further objectives to the figures, and end with those of all calls."""
        more = self.model.figures()
        if "train_loss" in logs:
            more["train_loss"] = self.mean_loss
        super().log({**logs, **more}, *args, **kwargs)

    @property
    def mean_loss(self) -> float:
        """Return the mean loss of the epochs so far, those of the calls before included."""
        return fmean(line["loss"] for line in self.state.log_history if "loss" in line)

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:  # noqa: ARG002
        """Give the language model and the fusion their own learning rates."""
        decay = self.args.weight_decay
        self.optimizer = torch.optim.AdamW(self.groups, weight_decay=decay, fused=True)
        return self.optimizer

    def _clip_grad_norm(self, model: nn.Module) -> Any:  # noqa: ARG002
        """Clip what is trained; to go through all that is frozen takes as long as a small step."""
        trained = [p for group in self.groups for p in group["params"]]
        return self.accelerator.clip_grad_norm_(trained, self.args.max_grad_norm)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        if self.order is None:
            return super()._get_train_sampler(train_dataset)
        return self.order

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:  # noqa: ARG002
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        model = self.model.model
        trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
        own = {OWN + n: p for n, p in self.model.own_state().items()}
        kept = {**trained, **model.own_state(), **own}
        save_file({n: p.detach().cpu().clone() for n, p in kept.items()}, folder / WEIGHTS)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        del model
        load_weights(self.model, Path(resume_from_checkpoint))


def load_weights(learning: Learning, folder: Path) -> None:
    """Read into a run's models, and what else it learns, what a checkpoint holds."""
    weights = load_file(folder / WEIGHTS)
    own = {n: p for n, p in weights.items() if n.startswith(OWN)}
    models = {n: p for n, p in weights.items() if n not in own}
    learning.model.load_state_dict(models, strict=False)
    learning.load_state_dict({n.removeprefix(OWN): p for n, p in own.items()}, strict=False)


class _Log(TrainerCallback):  # type: ignore[misc]
    """Append each epoch's figures to a file of JSON lines, and show progress on a terminal."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.bar: Any = None

    def on_train_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        self.path = self.path if state.is_world_process_zero else None
        self.bar = track(range(state.max_steps + 1), what="training")

    def on_step_end(self, _args: Any, _state: Any, _control: Any, **_: Any) -> None:
        next(self.bar, None)

    def on_train_end(self, _args: Any, _state: Any, _control: Any, **_: Any) -> None:
        self.bar.close()

    def on_log(self, _args: Any, state: Any, _control: Any, logs: Any = None, **_: Any) -> None:
        if self.path is None:
            return
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": state.global_step, **(logs or {})}) + "\n")


class _KeepLast(TrainerCallback):  # type: ignore[misc]
    """Drop every checkpoint but the last; by step, since epochs may take less than a second."""

    def on_save(self, args: Any, state: Any, _control: Any, **_: Any) -> None:
        if not state.is_world_process_zero:
            return
        for path in Path(args.output_dir).glob("checkpoint-*"):
            if path.name != f"checkpoint-{state.global_step}":
                shutil.rmtree(path)


def make_trainer(
    learning: Learning,
    items: Any,
    *,
    collate: Any,
    config: TrainConfig,
    seed: int,
    folder: Path,
    log: Path | None,
    processes: int = 1,
) -> FusedTrainer:
    """Make the trainer of one run.

    Args:
        learning: what to train.
        items: what batches are drawn from, such as samples made ready, by position.
        collate: items to a batch.
        config: the settings.
        seed: of the order of samples and of dropout.
        folder: for checkpoints, one an epoch, when `log` is given.
        log: file for figures; None keeps nothing on disk.
        processes: how many share each batch.

    Raises:
        ConfigError: TensorBoard is wanted, and nothing is kept on disk.
    """
    model = learning.model
    passes = -(-len(items) // config.batch_size)
    steps = -(-passes // config.accumulate) * config.epochs
    arguments = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=config.batch_size // processes,
        gradient_accumulation_steps=config.accumulate,
        num_train_epochs=config.epochs,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        warmup_steps=int(config.warmup * steps),
        logging_strategy="epoch",
        logging_nan_inf_filter=False,
        save_strategy="no" if log is None else "epoch",
        # what runs over kept states is small and wants its precision
        bf16=model.config.trains_text and model.text.uses_half,
        use_cpu=model.text.device.type == "cpu",
        seed=seed,
        data_seed=seed,
        report_to=config.report_to,
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=model.text.device.type == "cuda",
    )
    seeing = [_Log(log), _KeepLast()]
    trainer = FusedTrainer(
        learning, arguments, data_collator=collate, train_dataset=items, callbacks=seeing
    )
    trainer.groups = parameter_groups(model, config)
    if further := list(learning.further.parameters()):
        trainer.groups.append({"params": further, "lr": config.learning_rate})
    trainer.remove_callback(PrinterCallback)
    place_events(trainer, log, asked=config.report_to)
    return trainer
