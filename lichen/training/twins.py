"""A run to its twins: the same training without the knowledge, or with it dealt wrongly."""

from __future__ import annotations

from typing import Literal

from lichen.base.choose import choose
from lichen.base.errors import ConfigError
from lichen.data.corpus import Corpus
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.model import FusedModel
from lichen.training.config import TrainConfig
from lichen.training.loop import train
from lichen.training.run import Run

Kind = Literal["fused", "none", "shuffled"]
KINDS = dict.fromkeys(("fused", "none", "shuffled"))


def twin(run: Run[FusedModel], kind: Kind, seed: int = 0) -> Run[FusedModel]:
    """Train a twin of a run on the same data, under the same configuration.

    Args:
        run: a finished run of a `FusedModel`.
        kind: "fused" repeats the run under another seed; "none" takes fusion away; "shuffled"
            gives every entity another entity's vector.
        seed: of the start, the order of samples and the shuffling.

    Returns:
        The twin's run; nothing is written.

    Raises:
        ChoiceError: no such kind.
        ConfigError: the run trained its language model and was then loaded from a folder, which
            does not hold the weights it began with.
    """
    model = untrained_twin(run.model, kind, seed)
    assert isinstance(run.data, Corpus)
    assert isinstance(run.config, TrainConfig)
    return train(model, run.data, valid=run.valid, seed=seed, config=run.config)


def untrained_twin(model: FusedModel, kind: Kind, seed: int = 0) -> FusedModel:
    """Build a model like another, as it was before training, with the knowledge changed.

    Args:
        model: the model to repeat.
        kind: as in `twin`.
        seed: as in `twin`.

    Raises:
        ChoiceError: no such kind.
        ConfigError: the model's first weights are not known any more.
    """
    choose("twin", kind, KINDS)
    text, nodes = model.origin()
    config = model.config
    if kind == "shuffled":
        nodes = _shuffled(nodes, seed)
    return FusedModel(
        text,
        nodes,
        fusion="none" if kind == "none" else config.fusion,
        task=config.task,
        labels=model.labels,
        at=config.at,
        **{**config.settings(), "seed": seed},
    )


def _shuffled(nodes: GraphEncoder | None, seed: int) -> GraphEncoder:
    if nodes is None:
        raise ConfigError(
            "twin: a shuffled twin needs a graph encoder; this model has none. Uplift compares "
            "models that have one."
        )
    return nodes.shuffled(seed)
