"""The Hugging Face Trainer for fused models: items in, light checkpoints, figures as JSON lines."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from lichen.base.progress import track
from lichen.fusion.model import FusedModel
from lichen.lm.text_encoder import has_fast_half
from lichen.training.config import TrainConfig

WEIGHTS = "trained.safetensors"


class FusedTrainer(Trainer):  # type: ignore[misc]
    """Train fusion and head, and what else is not frozen; checkpoints hold only what is trained."""

    rates: dict[str, float]
    """Learning rate by the first part of a parameter's name; the head's for others."""

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """Give the language model and the fusion their own learning rates."""
        groups: dict[float, list[nn.Parameter]] = {}
        for name, parameter in (model or self.model).named_parameters():
            if parameter.requires_grad:
                rate = self.rates.get(name.split(".")[0], self.args.learning_rate)
                groups.setdefault(rate, []).append(parameter)
        self.optimizer = torch.optim.AdamW(
            [{"params": found, "lr": rate} for rate, found in groups.items()],
            weight_decay=self.args.weight_decay,
            fused=True,
        )
        return self.optimizer

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:  # noqa: ARG002
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        model = self.model
        trained = {n: p.detach() for n, p in model.named_parameters() if p.requires_grad}
        trained = {n: p.cpu().clone() for n, p in {**trained, **model.own_state()}.items()}
        save_file(trained, folder / WEIGHTS)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        weights = load_file(Path(resume_from_checkpoint) / WEIGHTS)
        (model or self.model).load_state_dict(weights, strict=False)


class _Log(TrainerCallback):  # type: ignore[misc]
    """Append each epoch's figures to a file of JSON lines, and show progress on a terminal."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.bar: Any = None

    def on_train_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
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
        for path in Path(args.output_dir).glob("checkpoint-*"):
            if path.name != f"checkpoint-{state.global_step}":
                shutil.rmtree(path)


def make_trainer(
    model: FusedModel,
    items: list[Any],
    *,
    collate: Any,
    config: TrainConfig,
    seed: int,
    folder: Path,
    log: Path | None,
) -> FusedTrainer:
    """Make the trainer of one run.

    Args:
        model: what to train.
        items: samples made ready.
        collate: items to a batch.
        config: the settings.
        seed: of the order of samples and of dropout.
        folder: for checkpoints, one an epoch, when `log` is given.
        log: file for figures; None keeps nothing on disk.
    """
    frozen = not model.config.train_text
    steps = -(-len(items) // config.batch_size) * config.epochs
    arguments = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=config.batch_size,
        num_train_epochs=config.epochs,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        warmup_steps=int(config.warmup * steps),
        logging_strategy="epoch",
        logging_nan_inf_filter=False,
        save_strategy="no" if log is None else "epoch",
        # what runs over kept states is small and wants its precision
        bf16=has_fast_half(model.text.device) and not frozen,
        use_cpu=model.text.device.type == "cpu",
        seed=seed,
        data_seed=seed,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=model.text.device.type == "cuda",
    )
    trainer = FusedTrainer(
        model,
        arguments,
        data_collator=collate,
        train_dataset=items,
        callbacks=[_Log(log), _KeepLast()],
    )
    trainer.rates = {
        "backbone": config.text_learning_rate,
        "fusion": config.fusion_learning_rate,
        "nodes": config.fusion_learning_rate,
    }
    trainer.remove_callback(PrinterCallback)
    return trainer
