"""What a fused model is made of, checked: language model, vectors, graph, point, linked texts."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from lichen.base import check
from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.config import FusedConfig, require_settings
from lichen.fusion.operator import fusion_class
from lichen.fusion.readable import is_readable, require_readable
from lichen.fusion.tasks.task import make_task
from lichen.lm.text_encoder import TextEncoder


class Origin(NamedTuple):
    """The parts as they were before training."""

    text: TextEncoder
    nodes: GraphEncoder | None


def entity_hash(entities: Vocabulary) -> str:
    """Return a hash of entity labels in id order."""
    digest = hashlib.sha256()
    for label in entities:
        digest.update(label.encode() + b"\0")
    return digest.hexdigest()[:16]


SPREAD = {"pairs": 1.0, "pooled": 0.3, "matched": 0.3, "token": 0.3}
"""Standard deviation that entity vectors are brought to, by head. A head that reads vectors back
wants them large; one that reads states learns from few examples, which large vectors drown."""


def scales_of(nodes: GraphEncoder | None, *, head: str) -> tuple[float, float]:
    """Return the factors that bring entity and relation vectors to the spread of a head."""
    if nodes is None:
        return 1.0, 1.0
    tables = (nodes.vectors(), nodes.relation_table)
    entity, relation = (SPREAD[head] / float(x.detach().std().clamp(min=1e-6)) for x in tables)
    return entity, relation


def default_point(fusion: str, text: TextEncoder) -> int | str:
    """Return where a method reads entities in when nothing is said: as late as it can.

    Raises:
        ChoiceError: no such method.
    """
    if fusion == "input":
        last = FusedConfig(fusion=fusion, at=max(1, text.num_layers - 1))
        return last.at if text.num_layers > 1 and is_readable(last, text) else "input"
    if fusion_class(fusion).NEEDS_INSIDE:
        return max(1, text.num_layers - 2)
    return "output"


def make_config(
    text: TextEncoder,
    *,
    fusion: str = "gate",
    task: str = "classify",
    labels: Vocabulary | None = None,
    at: int | str | None = None,
    **settings: Any,
) -> FusedConfig:
    """Return the settings of a `FusedModel` from its arguments, what is left out filled in.

    Raises:
        ChoiceError: no such method, task or setting, or the head cannot answer the task.
        ConfigError: a value is out of its bounds, the language model is none, or the task needs a
            group and there is none.
    """
    check.kind("text", text, TextEncoder, fix="Load one by TextEncoder.load.")
    require_settings("a setting of FusedModel", settings)
    asked = make_task(task, group=settings.get("group"))
    config = FusedConfig(
        fusion=fusion,
        task=task,
        labels=None if labels is None else list(labels),
        at=default_point(fusion, text) if at is None else at,
        **{**settings, "head": asked.head(settings.get("head"))},
    )
    config.dim = text.dim
    return config


def check_parts(
    config: FusedConfig, text: TextEncoder, nodes: GraphEncoder | None, graph: Graph | None
) -> None:
    """Refuse parts that do not fit the method or one another.

    Raises:
        ConfigError: a part is missing or is none, or the point does not exist or does not suit the
            method.
        DataError: the graph has other entities or relations than have vectors, or no facts, or
            nothing has a vector.
    """
    method = fusion_class(config.fusion)
    if graph is not None and not isinstance(graph, Graph):
        raise ConfigError(f"graph must be a Graph; got {graph!r:.80}. Read one by Graph.load.")
    if nodes is None and config.fusion != "none":
        raise ConfigError(
            f"nodes must be a GraphEncoder for fusion {config.fusion!r}; got None. Pass one, or "
            "fusion='none'."
        )
    if nodes is not None:
        fix = "Make one by GraphEncoder('complex', graph) and train it on the graph."
        check.kind("nodes", nodes, GraphEncoder, fix=fix)
        if not (nodes.num_entities and nodes.num_relations):
            raise DataError(
                f"nodes must have vectors of entities and relations; got {nodes.num_entities} and "
                f"{nodes.num_relations}. Make them of a graph that holds facts."
            )
    if method.READS_FACTS and graph is None:
        raise ConfigError(
            f"graph must be given for fusion {config.fusion!r}, which reads facts; got None. Pass "
            "graph=..., the one that was embedded."
        )
    if config.triple and (nodes is None or graph is None or not config.train_nodes):
        raise ConfigError(
            f"fusion.triple needs train_nodes=True and a graph, whose facts are completed; got "
            f"train_nodes={config.train_nodes} and {graph}."
        )
    require_point(config, text)
    if graph is not None and nodes is not None:
        _check_graph(graph, nodes)


NAMES = (
    "give entities the names by which the texts call them (labels or aliases in the graph), or "
    "link by Linker(graph, text, config=LinkConfig(...)) with a lower min_probability or "
    "min_similarity, or with vector_candidates"
)
"""What to try where no name of the graph was found in texts."""


def require_links(
    where: str, *corpora: Corpus, fusion: str | None = None, is_linked: bool = False
) -> None:
    """Refuse texts of which a fusion method could read nothing.

    A text without a linked mention is read as it is, which is right for some and makes a method of
    no effect where it is so for all.

    Args:
        where: what is checked, for the message.
        corpora: documents; one linked mention in any of them is enough. Where there are none at all
            nothing is refused, since each task says that itself.
        fusion: the method; "none" reads nothing and needs none, None stands for the others.
        is_linked: whether the documents have their mentions from a linker that was just run.

    Raises:
        DataError: no mention is linked to an entity.
    """
    num_documents = sum(map(len, corpora))
    if fusion == "none" or not num_documents:
        return
    mentions = [mention for data in corpora for doc in data for mention in doc.mentions]
    if all(mention.entity is None for mention in mentions):
        method = "a fusion" if fusion is None else f"fusion {fusion!r}"
        fix = (
            f"Link the corpus, as by Linker(graph, text).link(corpus); if that finds none, {NAMES}"
        )
        if is_linked:
            fix = f"The linker was run and found none: {NAMES} and give the corpus that it returns"
        raise DataError(
            f"{where}: at least one mention must be linked to an entity, for {method} to read what "
            f"the graph knows; of {len(mentions)} mentions in {num_documents} documents "
            f"none is. {fix}, or use fusion='none'."
        )


def require_point(config: FusedConfig, text: TextEncoder) -> None:
    """Refuse a point at which the method cannot work, or this language model cannot be read.

    Raises:
        ConfigError: there is no such layer, or it does not suit the method or the language model.
    """
    point = config.point
    runs_whole = config.fusion == "input" and config.at == "input"  # whatever holds its layers
    if point is not None and not runs_whole and not 0 <= point <= len(text.layers):
        raise ConfigError(
            f"fusion.at must be 'input', 'output' or a hidden layer from 1 to {text.num_layers}; "
            f"got {config.at!r}."
        )
    needs_inside = fusion_class(config.fusion).NEEDS_INSIDE and not runs_whole
    if needs_inside and point in (None, text.num_layers):
        raise ConfigError(
            f"fusion.at must be 'input' or a hidden layer before the last for fusion "
            f"{config.fusion!r}, which needs layers to read what it adds; got {config.at!r}."
        )
    require_readable(config, text)


def _check_graph(graph: Graph, nodes: GraphEncoder) -> None:
    if not graph.num_facts:
        raise DataError("graph must hold at least one fact; it is empty.")
    same = list(graph.relations) == list(nodes.relations)
    if not same or entity_hash(graph.entities) != entity_hash(nodes.entities):
        raise DataError(
            f"graph must be the one that was embedded; it has {graph.num_entities} entities and "
            f"{graph.num_relations} relations that are not, or not in that order, the "
            f"{nodes.num_entities} and {nodes.num_relations} that have vectors."
        )
