"""A graph to vectors through its own edges: layers of a graph network under any scorer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from lichen.base import check
from lichen.base.errors import ConfigError, DataError
from lichen.data.graph import Graph, Ids
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.described import DescribedEncoder
from lichen.embedding.edges import Edges
from lichen.embedding.gnn.layer import Messages, make_layer
from lichen.embedding.gnn.sampler import Neighbourhood, neighbourhood
from lichen.embedding.unseen import fact_pairs, find_newcomers


class GraphNetwork(DescribedEncoder):
    """Entity vectors computed from the train facts around each entity.

    Each layer adds to an entity's state what its neighbours say; the states before the first
    layer are learned vectors, projected description vectors, or their sum. The scorer reads the
    last states.

    Use when new entities arrive with facts, or when entities have few facts but telling
    neighbours; a plain `GraphEncoder` trains many times faster where neither holds. Outside
    training all vectors come of one pass, which takes memory in proportion to the facts.

    Args:
        scorer: a key of `lichen.embedding.SCORERS`.
        graph: entities, relations, and the train facts that the layers read.
        layers: a key of `lichen.embedding.gnn.LAYERS`.
        fan_out: edges into a node that training draws at each hop, one entry a layer; None in
            place of a number takes all of them. Outside training all are read.
        features: `(entities, width)` description vectors; None has learned vectors only.
        learned: whether entities have learned vectors as well.
        **settings: `dim`, `seed`, `reciprocal` of `GraphEncoder`, and the scorer's own settings.

    Raises:
        ChoiceError: no such scorer or layer.
        ConfigError: settings that do not fit one another.
        DataError: there is no train fact for the layers to read.
        ShapeError: `features` does not have one row an entity.
        MissingExtraError: torch-geometric is not installed.
    """

    KIND: ClassVar[str] = "graph-network"
    facts: Tensor
    """`(facts, 3)` what the layers read."""
    draw: np.random.Generator
    """The stream by which edges are drawn in training."""

    def __init__(
        self,
        scorer: str,
        graph: Graph,
        *,
        layers: str = "rgcn",
        fan_out: Sequence[int | None] = (None, None),
        features: ArrayLike | Tensor | None = None,
        learned: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(scorer, graph, features=features, learned=learned, **settings)
        fix = "Give one entry a layer, such as (10, None)."
        check.kind("fan_out", fan_out, Sequence, fix=fix)
        check.between("fan_out entries", len(fan_out), 1, 16)
        for most in fan_out:
            if most is not None:
                check.whole("fan_out", most, 1, 1_000_000)
        self.layer_name, self.fan_out = layers, tuple(fan_out)
        self.parts = {"layers": layers, "fan_out": list(fan_out)}
        facts = _train_facts(graph)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self.layers = nn.ModuleList(
                make_layer(layers, self.entity_dim, num_relations=2 * self.num_relations)
                for _ in fan_out
            )
        self.register_buffer("facts", torch.tensor(facts))
        self.edges = Edges.of(
            facts, num_entities=self.num_entities, num_relations=self.num_relations
        )
        self.draw = np.random.default_rng(self.seed)
        self._whole: Neighbourhood | None = None
        self._kept: tuple[tuple[object, ...], Tensor] | None = None

    def compute(self, ids: Tensor | None) -> Tensor:
        """Compute vectors of distinct ids; all of them are kept outside training."""
        if ids is not None and len(ids) < self.num_entities:
            fan_out = self.fan_out if self.training else [None] * len(self.fan_out)
            seeds = ids.numpy(force=True)
            return self._run(self._around(self.edges, seeds, fan_out), self.start, self.edges)
        if self._whole is None:
            every = np.arange(self.num_entities)
            self._whole = self._around(self.edges, every, [None] * len(self.fan_out))
        if torch.is_grad_enabled():
            found = self._run(self._whole, self.start, self.edges)
        else:
            found = self._all(self._whole)
        return found if ids is None else found[ids]

    def _all(self, whole: Neighbourhood) -> Tensor:
        """Return all vectors outside autograd, computed once for the same weights."""
        writes = (x._version for x in self.state_dict().values())  # noqa: SLF001 - counts them
        now = (self.relation_table.device, *writes)
        if self._kept is None or self._kept[0] != now:
            self._kept = (now, self._run(whole, self.start, self.edges))
        return self._kept[1]

    def _around(self, edges: Edges, seeds: Ids, fan_out: Sequence[int | None]) -> Neighbourhood:
        return neighbourhood(
            edges, seeds, num_relations=self.num_relations, fan_out=fan_out, draw=self.draw
        )

    def _run(self, hood: Neighbourhood, start: Callable[[Tensor], Tensor], edges: Edges) -> Tensor:
        """Run the layers, each on the nodes that the next ones still need."""
        device = self.relation_table.device
        nodes = torch.from_numpy(hood.nodes).to(device)
        degree = np.diff(edges.offsets)[hood.nodes].astype(np.float32)
        ends = torch.from_numpy(np.stack([hood.source, hood.target])).to(device)
        relation, share, of_mean, reach = (
            torch.from_numpy(x).to(device)
            for x in (hood.relation, hood.share, hood.of_mean, degree)
        )
        states = start(nodes)
        for number, layer in enumerate(self.layers):
            hops = len(self.layers) - 1 - number
            links, count = slice(hood.num_edges[hops]), hood.num_nodes[hops]
            messages = Messages(
                edges=ends[:, links],
                relation=relation[links],
                share=share[links],
                of_mean=of_mean[links],
                degree=reach[: len(states)],
                num_targets=count,
            )
            heard = layer(states, messages)
            states = states[:count] + (heard if hops == 0 else heard.relu())
        return states

    @torch.no_grad()
    def encode_unseen(
        self,
        *,
        as_head: ArrayLike = (),
        as_tail: ArrayLike = (),
        text: ArrayLike | Tensor | None = None,
    ) -> Tensor:
        """Return a vector for an entity that has no row here: the layers run with it added.

        Before the first layer it has its projected text, and the mean of its neighbours' learned
        vectors; without text where entities have text, the mean of all that they start with.

        Args:
            as_head: `(facts, 2)` relation and tail ids of the facts that it heads.
            as_tail: `(facts, 2)` head and relation ids of the facts that it ends.
            text: `(width,)` the vector of its description, made as the features were.

        Returns:
            `(entity_dim,)`

        Raises:
            ShapeError: a list does not hold pairs, or `text` is not as wide as the features.
            DataError: an id is out of range.
        """
        tails = _pairs("as_head", as_head, (self.num_relations, self.num_entities))
        heads = _pairs("as_tail", as_tail, (self.num_entities, self.num_relations))
        near = torch.from_numpy(np.concatenate([tails[:, 1], heads[:, 0]]))
        near = near.to(self.relation_table.device)
        new = self.relation_table.new_zeros(self.entity_dim)
        if text is not None:
            new = new + self._told(text)
        if len(near) and (text is None or self.learned):
            others = self.start(near) if text is None else self.entity_table[near]
            new = new + others.mean(0)

        def start(nodes: Tensor) -> Tensor:
            is_new = nodes == self.num_entities
            return torch.where(is_new[:, None], new, self.start(nodes.masked_fill(is_new, 0)))

        grown = self.edges.with_entity(tails, heads, num_relations=self.num_relations)
        seeds = np.array([self.num_entities])
        return self._run(self._around(grown, seeds, [None] * len(self.layers)), start, grown)[0]

    @torch.no_grad()
    def with_entities(
        self,
        facts: Iterable[tuple[str, str, str]] = (),
        *,
        texts: Mapping[str, ArrayLike | Tensor] | None = None,
    ) -> GraphNetwork:
        """Return a copy whose layers also read some facts, new entities included, untrained.

        A new entity starts as in `encode_unseen`, from its text and its known neighbours.

        Args:
            facts: (head, relation, tail) labels.
            texts: label of a new entity to the `(width,)` vector of its description, made as the
                features were. None has facts alone.

        Returns:
            The copy, the new entities last, in order of first appearance.

        Raises:
            DataError: a relation is unknown, a text is of a known entity or holds a NaN, or a new
                entity has neither a fact with a known one nor a text, or a blank label.
            ConfigError: there are texts, and there are no features; or `texts` is no mapping.
            ShapeError: a text is not as wide as the features.
        """
        said = list(facts)
        new = find_newcomers(said, texts, entities=self.entities, relations=self.relations)
        entities = Vocabulary([*self.entities, *new], what="entity")
        added = np.array(
            [(entities.id(h), self.relations.id(r), entities.id(t)) for h, r, t in said],
            dtype=np.int64,
        ).reshape(-1, 3)
        own: list[Tensor] = [self.entity_table]
        told: list[Tensor] = [self.features]
        for label, (as_head, as_tail, text) in new.items():
            near = [t for _, t in as_head] + [h for h, _ in as_tail]
            own.append(_mean(self.entity_table, near))
            if text is None:
                told.append(_mean(self.features, near))
            else:
                told.append(self._feature(text, of=f"text of {label!r}")[None])
        triples = np.unique(np.concatenate([self.facts.numpy(force=True), added]), axis=0)
        graph = Graph(entities=entities, relations=self.relations, triples=triples)
        features = torch.cat(told) if told[0].shape[1] else None
        arguments = self._said() | {"features": features}
        grown = GraphNetwork(self.scorer_name, graph, **arguments)
        state = grown.state_dict()
        mine = {k: x for k, x in self.state_dict().items() if k not in ("facts", "features")}
        grown.load_state_dict(state | mine | {"entity_table": torch.cat(own)})
        return grown.to(self.relation_table.device).train(self.training)

    def _labels(self) -> Graph:
        return Graph(
            entities=self.entities, relations=self.relations, triples=self.facts.numpy(force=True)
        )

    def _said(self) -> dict[str, Any]:
        return {**super()._said(), **self.parts}


def _train_facts(graph: Graph) -> Ids:
    """Return what the layers read: `(facts, 3)`, at least one."""
    if graph.splits and "train" not in graph.splits:
        raise ConfigError(
            f"graph must have a train split for the layers to read; it has "
            f"{', '.join(graph.splits)}. Name one of them train."
        )
    facts = graph.split("train")
    if not len(facts):
        raise DataError(
            "graph must have at least one train fact for the layers to read; it has none. Add "
            "facts, or use a GraphEncoder, or a DescribedEncoder where there are features."
        )
    return facts


def _mean(table: Tensor, rows: Sequence[int]) -> Tensor:
    """Return the mean of some rows of a table, `(1, width)`; zeros of none."""
    return table[list(rows)].sum(0, keepdim=True) / max(1, len(rows))


def _pairs(name: str, facts: ArrayLike, bounds: tuple[int, int]) -> Ids:
    found = fact_pairs(name, facts)
    if ((found < 0) | (found >= np.array(bounds))).any():
        raise DataError(
            f"{name} must hold ids below {bounds}; got up to {tuple(found.max(0).tolist())}. "
            "Look ids up in the encoder's own labels."
        )
    return found
