"""Several objectives over one language model, and the Trainer that weighs and steps them."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.utils.data import SequentialSampler
from transformers import PrinterCallback, TrainerCallback, TrainingArguments

from lichen.base import check
from lichen.base.progress import track
from lichen.base.seeds import set_seed
from lichen.lm.text_encoder import TextEncoder
from lichen.training.objectives.objective import Batch
from lichen.training.objectives.weighed import WeighedObjectives
from lichen.training.part import WHOLE, Part
from lichen.training.reporters import place_events
from lichen.training.resumable import ResumableTrainer
from lichen.training.spawned import Fitted

WEIGHTS = "trained.safetensors"


@dataclass(frozen=True, kw_only=True)
class PretrainConfig:
    """Settings of `pretrain`.

    Raises:
        ConfigError: a value is out of its bounds; the message starts with its key.
    """

    head_steps: int = 400
    """Steps in which the head for masked words learns alone, where none is given: the language
    model has none of its own and would be pulled by a random one."""
    steps: int = 1000
    """Steps of all objectives together."""
    batch_size: int = 64
    """Items of each objective a step."""
    accumulate: int = 1
    """Batches whose gradients are added up before a step."""
    max_tokens: int = 64
    """Tokens of text shown at once; longer documents are cut."""
    learning_rate: float = 1e-4
    """Of the language model (AdamW), after warm-up, falling linearly to 0."""
    head_learning_rate: float = 1e-3
    """Of what each objective adds to it."""
    weight_decay: float = 0.01
    """AdamW's."""
    warmup: float = 0.1
    """Share of the steps in which the learning rate rises."""
    log_every: int = 50
    """Steps between two lines of figures."""
    save_every: int = 250
    """Steps between two checkpoints, where a folder is given."""
    report_to: str = "none"
    """Where the Trainer also logs; as in `TrainConfig`."""

    def __post_init__(self) -> None:
        """Refuse values that could only fail later, deep inside a run."""
        check.whole("pretrain.head_steps", self.head_steps, 0, 10_000_000)
        check.whole("pretrain.steps", self.steps, 1, 10_000_000)
        check.whole("pretrain.batch_size", self.batch_size, 1, 1_000_000)
        check.whole("pretrain.accumulate", self.accumulate, 1, 1_000_000)
        check.whole("pretrain.max_tokens", self.max_tokens, 4, 1_000_000)
        check.between("pretrain.learning_rate", self.learning_rate, 0.0, 10.0)
        check.between("pretrain.head_learning_rate", self.head_learning_rate, 0.0, 10.0)
        check.between("pretrain.weight_decay", self.weight_decay, 0.0, 10.0)
        check.between("pretrain.warmup", self.warmup, 0.0, 1.0)
        check.whole("pretrain.log_every", self.log_every, 1, 10_000_000)
        check.whole("pretrain.save_every", self.save_every, 1, 10_000_000)


class Joint(nn.Module):
    """A language model and its objectives: batches to one weighed loss.

    Args:
        text: the language model.
        objectives: what it learns.
        head_steps: steps in which "mask" learns alone, on a language model that stays as it is.
    """

    def __init__(
        self, text: TextEncoder, objectives: WeighedObjectives, *, head_steps: int
    ) -> None:
        super().__init__()
        self.text = text
        self.backbone: nn.Module = text.model
        self.objectives, self.head_steps = objectives, head_steps

    def draw(self, step: int, *, size: int, seed: int, turn: int) -> dict[str, Any]:
        """Return the batches of a step.

        Args:
            step: from 0, those of the head alone included.
            size: items an objective.
            seed: of order and masking.
            turn: number of the batch drawn, the same as the step where each has one.
        """
        alone = step < self.head_steps
        names = ["mask"] if alone else None
        batches = self.objectives.draw(turn, size=size, seed=seed, names=names)
        return {"batches": batches, "alone": alone}

    def forward(self, batches: dict[str, Batch], alone: bool) -> dict[str, Tensor]:  # noqa: FBT001 - the Trainer names them
        """Return {"loss": the weighed sum}.

        Args:
            batches: by objective.
            alone: whether the language model stays as it is.
        """
        self.backbone.train(self.training and not alone)
        self.backbone.requires_grad_(not alone)
        return {"loss": self.objectives.loss(batches)}


class JointTrainer(ResumableTrainer):
    """Step a `Joint` through its batches in order; checkpoints hold weights without pickle."""

    config: PretrainConfig

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """Give the language model and the objectives their own learning rates."""
        joint = model or self.model
        assert isinstance(joint, Joint)
        groups = [
            {"params": list(joint.backbone.parameters()), "lr": self.config.learning_rate},
            {"params": list(joint.objectives.parameters()), "lr": self.config.head_learning_rate},
        ]
        decay = self.config.weight_decay
        self.optimizer = torch.optim.AdamW(groups, weight_decay=decay, fused=True)
        return self.optimizer

    def create_scheduler(
        self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None
    ) -> torch.optim.lr_scheduler.LRScheduler:
        """Let the rates rise and fall once for the head alone, and once for all together."""
        first = self.model.head_steps

        def rate(step: int) -> float:
            if step < first:
                return hump(step, first, self.config.warmup)
            return hump(step - first, num_training_steps - first, self.config.warmup)

        self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer or self.optimizer, rate)
        return self.lr_scheduler

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Add each objective's loss to the figures; of several processes, the first one's."""
        super().log({**logs, **self.model.objectives.figures()}, *args, **kwargs)

    def _get_train_sampler(self, *args: Any, **kwargs: Any) -> SequentialSampler:
        del args, kwargs
        return SequentialSampler(self.train_dataset)

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:  # noqa: ARG002
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        state = {n: x.detach().cpu().clone() for n, x in self.model.state_dict().items()}
        save_file(state, folder / WEIGHTS)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        (model or self.model).load_state_dict(load_file(Path(resume_from_checkpoint) / WEIGHTS))


def hump(step: int, steps: int, warmup: float) -> float:
    """Return the share of the learning rate: rising over the warm-up, then falling to 0.

    >>> [hump(step, 10, 0.2) for step in (0, 1, 2, 6)]
    [0.5, 1.0, 1.0, 0.5]
    """
    rising = int(warmup * steps)
    if step < rising:
        return (step + 1) / rising
    return max(0.0, (steps - step) / max(1, steps - rising))


class _Log(TrainerCallback):  # type: ignore[misc]
    """Append figures to a file of JSON lines, show progress, and keep the last checkpoint only."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.bar: Any = None

    def on_train_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        self.path = self.path if state.is_world_process_zero else None
        self.bar = track(range(state.max_steps + 1), what="pretraining")

    def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        next(self.bar, None)
        if state.global_step >= state.max_steps:
            control.should_save = False  # the run itself is saved next

    def on_train_end(self, _args: Any, _state: Any, _control: Any, **_: Any) -> None:
        self.bar.close()

    def on_log(self, _args: Any, state: Any, _control: Any, logs: Any = None, **_: Any) -> None:
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": state.global_step, **(logs or {})}) + "\n")

    def on_save(self, args: Any, state: Any, _control: Any, **_: Any) -> None:
        if not state.is_world_process_zero:
            return
        for path in Path(args.output_dir).glob("checkpoint-*"):
            if path.name != f"checkpoint-{state.global_step}":
                shutil.rmtree(path)


def make_joint_trainer(
    joint: Joint,
    *,
    config: PretrainConfig,
    seed: int,
    folder: Path,
    log: Path | None,
    part: Part = WHOLE,
) -> JointTrainer:
    """Make the trainer of one run.

    Args:
        joint: what to train.
        config: the settings.
        seed: of the order, of masking and of dropout.
        folder: for checkpoints.
        log: file for figures; None keeps nothing on disk.
        part: of each batch that this process takes.

    Raises:
        ConfigError: TensorBoard is wanted, and nothing is kept on disk.
    """
    steps = joint.head_steps + config.steps
    passes = steps * config.accumulate
    device = next(joint.parameters()).device

    def collate(turns: list[int]) -> dict[str, Any]:
        step = turns[0] // (config.accumulate * part.processes)
        return joint.draw(step, size=part.size(config.batch_size), seed=seed, turn=turns[0])

    arguments = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=1,  # the item is a turn; its batch is drawn by `collate`
        gradient_accumulation_steps=config.accumulate,
        max_steps=steps,
        logging_steps=config.log_every,
        logging_nan_inf_filter=False,
        save_strategy="no" if log is None else "steps",
        save_steps=config.save_every,
        bf16=joint.text.uses_half,
        use_cpu=device.type == "cpu",
        seed=seed,
        data_seed=seed,
        report_to=config.report_to,
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=device.type == "cuda",
    )
    trainer = JointTrainer(
        joint,
        arguments,
        data_collator=collate,
        train_dataset=range(passes * part.processes),
        callbacks=[_Log(log)],
    )
    trainer.config = config
    trainer.remove_callback(PrinterCallback)
    place_events(trainer, log, asked=config.report_to, key="pretrain.report_to")
    return trainer


@dataclass(frozen=True, kw_only=True)
class JointJob:
    """What each process needs to train a `Joint`."""

    joint: Joint
    config: PretrainConfig
    seed: int
    folder: Path
    """For checkpoints."""
    log: Path | None
    resume: Path | None
    """The checkpoint to go on from, or None."""

    def fit(self, part: Part) -> Fitted:
        """Train as one of the processes."""
        set_seed(self.seed)
        trainer = make_joint_trainer(
            self.joint,
            config=self.config,
            seed=self.seed,
            folder=self.folder,
            log=self.log,
            part=part,
        )
        if part.processes > 1:  # the head alone leaves the language model unused
            trainer.accelerator.ddp_handler.find_unused_parameters = True
        steps = trainer.train(resume_from_checkpoint=self.resume).global_step
        losses = {
            key: float(value)
            for line in trainer.state.log_history
            for key, value in line.items()
            if key.startswith("loss_")
        }
        return Fitted(trainer, {**losses, "steps": float(steps), "train_s": trainer.seconds})
