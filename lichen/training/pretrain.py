"""A pretrained encoder, a corpus and a graph to an encoder that has learned from both."""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lichen.base.errors import ArtifactError, ConfigError, LichenError
from lichen.base.seeds import set_seed
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.lm.text_encoder import TextEncoder
from lichen.training.config import require_run
from lichen.training.hashes import corpus_hash, digest, graph_hash
from lichen.training.joint import WEIGHTS, Joint, JointJob, PretrainConfig
from lichen.training.objectives.mask import WordHead
from lichen.training.objectives.weighed import make_objectives, require_objectives
from lichen.training.part import WHOLE
from lichen.training.reporters import require_reporter
from lichen.training.resumable import LAST_FILE
from lichen.training.spawned import fit_shared, require_divided

FORMAT = 1
"""Version of the folder's layout."""
SPEC, RECORD, LOG, CHECKPOINTS = "resolved.json", "run.json", "metrics.jsonl", "checkpoints"
MODEL, HEAD = "model", "head"
BOTH: Mapping[str, float] = {"mask": 1.0, "triple": 1.0}


@dataclass(frozen=True, kw_only=True, eq=False)
class PretrainRun:
    """What pretraining gave."""

    text: TextEncoder
    """The trained encoder; the one given is as it was."""
    head: WordHead | None
    """Tells masked words from the encoder's states; None without the objective "mask"."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Figures by name; seconds end in `_s`."""
    out: Path | None = None
    """The run folder, or None when nothing was written."""

    def __repr__(self) -> str:
        """Show the encoder and the figures."""
        figures = ", ".join(f"{key} {value:.4g}" for key, value in self.metrics.items())
        return f"PretrainRun({self.text.name!r}, {figures})"

    @classmethod
    def load(cls, folder: str | Path) -> PretrainRun:
        """Read a finished run.

        Raises:
            ArtifactError: the folder holds no finished run, or one of another format.
        """
        path = Path(folder)
        said = _read(path / RECORD)
        if said.get("format") != FORMAT:
            raise ArtifactError(
                f"{path / RECORD}: must be of format {FORMAT}; got {said.get('format')!r}. Load "
                "it with the matching version of Lichen."
            )
        text = TextEncoder.load(path / MODEL)
        text.name = said["text"]["name"]
        head = WordHead.load(path / HEAD, text) if (path / HEAD).is_dir() else None
        return cls(text=text, head=head, metrics=said["metrics"], out=path)


def pretrain(
    text: TextEncoder,
    corpus: Corpus,
    graph: Graph,
    *,
    objectives: Mapping[str, float] = BOTH,
    head: WordHead | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    config: PretrainConfig | None = None,
    processes: int = 1,
) -> PretrainRun:
    """Go on pretraining an encoder on linked text and facts.

    Objectives share the encoder, each with a batch of its own a step; the loss is their weighed
    sum. Where "mask" is among them and no head is given, the head first learns alone, on the
    encoder as it is.

    Args:
        text: the encoder to begin with; it is copied.
        corpus: documents; `Linker.link` gives those with mentions, which "entity", "relation" and
            "typing" need.
        graph: facts (those of the split "train"), descriptions and types.
        objectives: weight by name, a key of `lichen.training.objectives.OBJECTIVES`.
        head: for masked words, trained before; it is copied. None trains one.
        out: folder for the run, as in `train`.
        seed: of the start of what is new, of the order, of masking and of dropout.
        config: the settings; None takes the defaults.
        processes: as in `train`.

    Returns:
        The run.

    Raises:
        ChoiceError: no such objective or reporter.
        ConfigError: there is no objective, a weight is not above 0, no objective uses the head, no
            token masks, `out` holds another run, or reporter or `processes` do not fit.
        DataError: an objective has nothing to learn from, or a mention is of another graph.
        LichenError: the loss is no longer a number, or one of the processes died.
    """
    settings = PretrainConfig() if config is None else config
    require_run("pretrain", settings, PretrainConfig, seed)
    require_objectives(objectives, head)
    sizes = {"pretrain.batch_size": settings.batch_size}
    require_divided(processes, device=text.device, sizes=sizes)
    spec = _spec(text, corpus, graph, objectives=objectives, head=head, seed=seed, config=settings)
    folder = None if out is None else Path(out)
    if folder is not None and _is_finished(folder, spec):
        return PretrainRun.load(folder)
    joint = _joint(
        text, corpus, graph, objectives=objectives, head=head, seed=seed, config=settings
    )
    if folder is not None:
        _begin(folder, spec)
    metrics = _fit(joint, config=settings, seed=seed, folder=folder, processes=processes)
    trained = joint.objectives.word_head
    head = None if trained is None else trained.eval()
    own = TextEncoder(joint.backbone, text.tokenizer, name=text.name)
    run = PretrainRun(text=own, head=head, metrics=metrics, out=folder)
    return run if folder is None else _written(run, folder, spec)


def _joint(
    text: TextEncoder,
    corpus: Corpus,
    graph: Graph,
    *,
    objectives: Mapping[str, float],
    head: WordHead | None,
    seed: int,
    config: PretrainConfig,
) -> Joint:
    require_reporter(config.report_to, key="pretrain.report_to")
    set_seed(seed)
    own = TextEncoder(copy.deepcopy(text.model), text.tokenizer, name=text.name)
    made = make_objectives(
        own, corpus, graph, weights=objectives, head=head, max_tokens=config.max_tokens
    )
    head_steps = config.head_steps if head is None and "mask" in objectives else 0
    return Joint(own, made, head_steps=head_steps)


def _fit(
    joint: Joint, *, config: PretrainConfig, seed: int, folder: Path | None, processes: int
) -> dict[str, float]:
    """Train to the end, from the last checkpoint of the folder where there is one."""
    with tempfile.TemporaryDirectory() as scratch:
        checkpoints = Path(scratch) if folder is None else folder / CHECKPOINTS
        whole = [p for p in checkpoints.glob("checkpoint-*") if (p / LAST_FILE).is_file()]
        job = JointJob(
            joint=joint,
            config=config,
            seed=seed,
            folder=checkpoints,
            log=None if folder is None else folder / LOG,
            resume=max(whole, key=lambda p: int(p.name.split("-")[1]), default=None),
        )
        if processes == 1:
            metrics = job.fit(WHOLE).figures
        else:
            metrics, weights = fit_shared(job, processes, weights=WEIGHTS)
            joint.load_state_dict(weights)
    losses = {key: value for key, value in metrics.items() if key.startswith("loss_")}
    if any(loss != loss for loss in losses.values()):
        raise LichenError(
            f"pretrain: the losses must stay numbers; got {losses}. Lower pretrain.learning_rate "
            f"({config.learning_rate})."
        )
    joint.backbone.requires_grad_(requires_grad=True).eval()
    return metrics


def _spec(
    text: TextEncoder,
    corpus: Corpus,
    graph: Graph,
    *,
    objectives: Mapping[str, float],
    head: WordHead | None,
    seed: int,
    config: PretrainConfig,
) -> dict[str, Any]:
    """Return what makes this run this run: equal for a run that may go on."""
    return {
        "text": {"name": text.name, "fingerprint": text.fingerprint},
        "head": None if head is None else digest(*head.state_dict().values()),
        "corpus": corpus_hash(corpus),
        "graph": graph_hash(graph),
        "objectives": dict(objectives),
        "seed": seed,
        "config": asdict(config),
    }


def _is_finished(folder: Path, spec: dict[str, Any]) -> bool:
    """Say whether this run is there to its end, and refuse a folder that holds another."""
    if not (folder / SPEC).is_file():
        return False
    said, mine = _read(folder / SPEC), json.loads(json.dumps(spec))
    other = sorted(key for key in mine if said.get(key) != mine[key])
    if other:
        raise ConfigError(
            f"out: {folder} must be empty or hold this same run; it holds one with another "
            f"{', '.join(other)}. Give another out, or remove the folder."
        )
    return (folder / RECORD).is_file()


def _read(path: Path) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"{path}: must be the record of a pretraining run; cannot be read ({error}). Call "
            "pretrain with the same out, or give another."
        ) from None
    return said


def _begin(folder: Path, spec: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SPEC).write_text(json.dumps(spec, indent=1), encoding="utf-8")


def _written(run: PretrainRun, folder: Path, spec: dict[str, Any]) -> PretrainRun:
    """Write the encoder and its head, then the record, last, so a cut write is noticed."""
    run.text.save(folder / MODEL)
    if run.head is not None:
        run.head.save(folder / HEAD)
    record = {"format": FORMAT, **spec, "metrics": dict(run.metrics)}
    (folder / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    return run
