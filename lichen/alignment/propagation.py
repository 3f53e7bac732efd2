"""Start vectors of some entities of two graphs to vectors of all of them, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from lichen.data.graph import Graph

PAPER = "Mao et al., 2022, arXiv:2210.10436 (LightEA)"

COLUMNS = 128
"""Columns of the products over facts that are in memory at once."""


@dataclass(frozen=True, kw_only=True)
class JointFacts:
    """The facts of two graphs side by side, each in both directions."""

    heads: Tensor
    """`(facts,)`; an entity of the right graph comes after all of the left."""
    relations: Tensor
    """`(facts,)`; no relation of one graph is one of the other."""
    tails: Tensor
    num_entities: int
    num_relations: int

    @classmethod
    def of(cls, left: Graph, right: Graph) -> JointFacts:
        """Join two graphs without joining any entity or relation."""
        shift = np.array([left.num_entities, left.num_relations, left.num_entities])
        h, r, t = np.concatenate([left.triples, right.triples + shift]).T
        num_entities = left.num_entities + right.num_entities
        num_relations = 2 * (left.num_relations + right.num_relations)
        relations = torch.from_numpy(np.r_[2 * r, 2 * r + 1])
        pairs = relations * num_entities + torch.from_numpy(np.r_[t, h])
        pairs, heads = _distinct(pairs, torch.from_numpy(np.r_[h, t]), num_entities)
        return cls(
            heads=heads,
            relations=pairs // num_entities,
            tails=pairs % num_entities,
            num_entities=num_entities,
            num_relations=num_relations,
        )


def propagate(facts: JointFacts, start: Tensor, *, depth: int = 2) -> tuple[list[Tensor], ...]:
    """Spread start vectors over both graphs, from entities to entities and to relations.

    Each step an entity adds its neighbours, itself as often as it has facts, and its relations;
    a relation adds the heads that it has. All are brought back to unit length.

    Args:
        facts: of both graphs.
        start: `(entities, dim)`; zeros where nothing is known.
        depth: steps.

    Returns:
        The entity vectors `(entities, dim)` before and after each step, and those of relations.

    References:
        Mao et al., 2022, arXiv:2210.10436, section 3.2.
    """
    h, r, t = facts.heads, facts.relations, facts.tails
    self_weight = 2.0 * torch.bincount(h, minlength=facts.num_entities)
    every = torch.arange(facts.num_entities)
    ones = torch.ones(len(h))
    near = _sparse(
        torch.cat([h, every]), torch.cat([t, every]), torch.cat([ones, self_weight]), facts
    )
    asked = _distinct(r, h, facts.num_entities)
    has = _distinct(t, r, facts.num_relations)
    relation = torch.zeros(facts.num_relations, start.shape[1])
    entities, relations = [start], [relation]
    entity = start
    for _ in range(depth):
        new_relation = torch.zeros_like(relation).index_add_(0, asked[0], entity[asked[1]])
        new_entity = torch.sparse.mm(near, entity)
        new_entity.index_add_(0, has[0], relation[has[1]])
        entity, relation = normalize(new_entity), normalize(new_relation)
        entities.append(entity)
        relations.append(relation)
    return entities, relations


def _distinct(one: Tensor, other: Tensor, bound: int) -> tuple[Tensor, Tensor]:
    """Return the distinct pairs of two columns, the second's numbers being below a bound."""
    keys = torch.unique(one * bound + other)
    return keys // bound, keys % bound


def _sparse(rows: Tensor, columns: Tensor, values: Tensor, facts: JointFacts) -> Tensor:
    size = (facts.num_entities, facts.num_entities)
    made = torch.sparse_coo_tensor(
        torch.stack([rows, columns]), values, size, check_invariants=False
    )
    return made.coalesce()


def surroundings(
    facts: JointFacts,
    entities: Sequence[Tensor],
    relations: Sequence[Tensor],
    *,
    dim: int = 1024,
    seed: int = 0,
) -> Tensor:
    """Describe each entity by the pairs of relation and entity around it.

    The sum over an entity's facts of relation vector times neighbour vector, their outer product
    sketched in `dim` numbers: a number is the product of random signed sums of the two vectors.

    Args:
        facts: of both graphs.
        entities: vectors `(entities, width)`, of which all are used side by side.
        relations: vectors `(relations, width)`, likewise.
        dim: numbers an entity.
        seed: of the sketch.

    Returns:
        `(entities, dim)` unit vectors.

    References:
        Mao et al., 2022, arXiv:2210.10436, section 3.3. Differs: a product sketch in place of a
        random projection a relation coordinate, which takes one pass over the facts.
    """
    draw = torch.Generator().manual_seed(seed)
    near = _signed_sum(entities, dim, draw)
    by = _signed_sum(relations, dim, draw)
    out = torch.empty(facts.num_entities, dim)
    for start in range(0, dim, COLUMNS):
        part = slice(start, start + COLUMNS)
        each = near[:, part].index_select(0, facts.tails)
        each *= by[:, part].index_select(0, facts.relations)
        block = torch.zeros(facts.num_entities, each.shape[1])
        out[:, part] = block.index_add_(0, facts.heads, each)
    return normalize(out)


def _signed_sum(views: Sequence[Tensor], dim: int, draw: torch.Generator) -> Tensor:
    """Return random signed sums of one coordinate a view, `(rows, dim)`."""
    total = torch.zeros(len(views[0]), dim)
    for view in views:
        width = view.shape[1]
        turns = [torch.randperm(width, generator=draw) for _ in range(-(-dim // width))]
        sign = torch.randint(0, 2, (dim,), generator=draw) * 2.0 - 1.0
        total += view.index_select(1, torch.cat(turns)[:dim]) * sign
    return total
