"""A run to its twins: trained alike, the knowledge taken away, dealt wrongly, or only counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import torch

from lichen.base.choose import choose
from lichen.base.errors import ConfigError
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.model import FusedModel
from lichen.fusion.parts import scales_of
from lichen.fusion.sibling import own_settings, sibling
from lichen.training.beside import Beside
from lichen.training.config import TrainConfig
from lichen.training.consistency import Consistency
from lichen.training.joined import Joined, teachers
from lichen.training.loop import train
from lichen.training.multitask import TaskRun, TasksRun, train_tasks
from lichen.training.run import Run
from lichen.training.teacher import Teacher

Kind = Literal["fused", "none", "shuffled", "count"]
KINDS = dict.fromkeys(("fused", "none", "shuffled", "count"))


def twin(run: Run[FusedModel], kind: Kind, seed: int = 0) -> Run[FusedModel]:
    """Train a twin of a run on the same data, under the same configuration.

    Args:
        run: a finished run of a `FusedModel`; where it was trained with others, so is its twin.
        kind: "fused" repeats the run under another seed; "none" takes fusion away; "shuffled"
            lets another entity, its vector and its facts, stand for each; "count" tells only
            that there is an entity and how many facts it has. What its language model learns
            beside the task is changed likewise, see `twins_of`.
        seed: of the start, the order of samples and the shuffling.

    Returns:
        The twin's run; nothing is written, nor reported.

    Raises:
        ChoiceError: no such kind.
        ConfigError: the run trained its language model and was then loaded from a folder, which
            does not hold the weights it began with; or its teacher is a model and no run.
    """
    if isinstance(run, TaskRun):
        return twin_tasks(run.together, kind, seed).of(run.name)
    model = untrained_twin(run.model, own_kind(run.model, run.beside, kind), seed)
    assert isinstance(run.data, Corpus)
    assert isinstance(run.config, TrainConfig)
    beside = twins_of(run.beside, kind, seed)
    config = replace(run.config, report_to="none")
    return train(model, run.data, valid=run.valid, beside=beside, seed=seed, config=config)


def twin_tasks(run: TasksRun, kind: Kind, seed: int = 0) -> TasksRun:
    """Train the twins of several siblings together, as these were.

    Args:
        run: what `train_tasks` returned.
        kind: as in `twin`.
        seed: as in `twin`.

    Returns:
        The twins' run; nothing is written.

    Raises:
        ChoiceError: no such kind.
        ConfigError: the models' first weights are not known any more.
    """
    (first, model), *rest = run.models.items()
    models = {first: untrained_twin(model, own_kind(model, run.beside, kind), seed)}
    for name, other in rest:
        models[name] = sibling(models[first], **own_settings(other))
    return train_tasks(
        models,
        run.data,
        valid=run.valid,
        weights=run.weights,
        beside=twins_of(run.beside, kind, seed),
        seed=seed,
        config=replace(run.config, report_to="none"),
    )


def twins_of(beside: tuple[Joined, ...], kind: Kind, seed: int) -> tuple[Joined, ...]:
    """Return what a twin learns beside its task.

    Objectives are told as `Beside.twin` says, a teacher's own twin teaches in its place, and texts
    are agreed upon by all alike.

    Args:
        beside: what the run learned.
        kind: as in `twin`.
        seed: as in `twin`.

    Raises:
        ConfigError: a teacher is a model, whose twins are not known, and not its run.
    """
    found = [_twin_of(one, kind, seed) for one in beside]
    return tuple(one for one in found if one is not None)


def _twin_of(one: Joined, kind: Kind, seed: int) -> Joined | None:
    if isinstance(one, Beside):
        return one.twin(kind, seed)
    if isinstance(one, Consistency) or kind == "fused":
        return one
    require_teachers((one,))
    assert not isinstance(one.model, FusedModel)
    return replace(one, model=twin(one.model, kind, seed))


def require_teachers(beside: tuple[Joined, ...]) -> None:
    """Refuse teachers whose twins cannot be trained.

    Raises:
        ConfigError: a teacher, or one of its own, is a model and not its run.
    """
    for teacher in teachers(beside).values():
        if isinstance(teacher.model, FusedModel):
            raise ConfigError(
                "twin: a teacher must be a run, so that its own twin can be trained to teach; got "
                "a model. Pass Teacher(model=run)."
            )
        require_teachers(teacher.model.beside)


def own_kind(model: FusedModel, beside: tuple[Joined, ...], kind: Kind) -> Kind:
    """Return how a model is changed: one that knows by what it is taught alone stays as it is."""
    is_told = any(isinstance(one, Beside | Teacher) for one in beside)
    return "fused" if is_told and model.nodes is None else kind


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
    is_none = kind == "none"
    if nodes is None and not is_none and kind != "fused":
        raise ConfigError(
            f"twin: a {kind} twin needs a graph encoder; this model has none. Uplift compares "
            "models that have one."
        )
    twin = FusedModel(
        text,
        counted(nodes, model.graph) if kind == "count" else nodes,
        fusion="none" if is_none else config.fusion,
        task=config.task,
        labels=model.labels,
        at="output" if is_none else config.at,
        graph=None if is_none else model.graph,
        **{**config.settings(), "seed": seed, "triple": 0.0 if is_none else config.triple},
    )
    own = torch.tensor(scales_of(nodes, head=config.head)[0])
    ratio = model.scale.cpu() / own  # not 1 for a sibling, which reads at the scale of its model
    twin.scale *= ratio
    twin.relation_scale *= ratio
    twin.counts_only = kind == "count"
    if kind == "shuffled" and nodes is not None:
        draw = torch.Generator().manual_seed(seed)
        twin.deal = torch.randperm(nodes.num_entities, generator=draw)
    return twin


def counted(nodes: GraphEncoder | None, graph: Graph | None) -> GraphEncoder | None:
    """Return an encoder whose vectors tell how many facts an entity has, and nothing else.

    Every entity has one common vector, longer with the logarithm of its number of facts; all
    relations have one vector too. Without a graph all entities are alike.

    Args:
        nodes: the encoder to repeat in size.
        graph: the facts to count.

    References:
        Wang et al., 2021, arXiv:2110.03192 ("GNN is a Counter?").
    """
    if nodes is None:
        return None
    plain = GraphEncoder(
        nodes.scorer_name,
        Graph(entities=nodes.entities, relations=nodes.relations, triples=np.empty((0, 3), int)),
        dim=nodes.dim,
        reciprocal=nodes.reciprocal,
        **nodes.settings,
    )
    degree = np.ones(nodes.num_entities) if graph is None else graph.degree()
    size = torch.from_numpy(np.log1p(degree)).float().unsqueeze(1)
    with torch.no_grad():
        plain.entity_table.copy_(plain.entity_table[:1] * size)
        plain.relation_table.copy_(plain.relation_table[:1].expand_as(plain.relation_table))
    return plain
