"""A graph's facts to vectors by truncated matrix factorisation: no training, no network."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from lichen.base.errors import DataError
from lichen.data.graph import Graph, Ids
from lichen.embedding.encoder import GraphEncoder

OVERSAMPLING = 16
"""Directions sampled beyond those kept, so that the last kept ones are right too."""
ROUNDS = 4
"""Power iterations; more separate close singular values better."""
RIDGE = 0.03
"""Penalty on a relation's matrix, as a share of the largest singular value squared.

Without it, as many values as entities rebuild the facts exactly and nothing else.
"""


def factorise(graph: Graph, *, dim: int, seed: int = 0) -> GraphEncoder:
    """Return vectors by which `RESCAL` rebuilds the facts best, in closed form.

    The facts of each relation are a sparse matrix X of zeros and ones, heads by tails. A truncated
    singular value decomposition U S V' of all X and X' side by side gives the entities
    A = U sqrt(S), so entities are alike that have the same neighbours by the same relations. Least
    squares, with a ridge penalty, then give each relation its matrix: pinv(A) X pinv(A)'.

    Use as the baseline that needs no training, or to start RESCAL. Cost: a few sparse products
    and about facts * dim * dim multiplications; memory `(entities + 2 * facts) * dim` numbers at
    most, never entities * entities.

    Args:
        graph: its "train" split is read, or all facts when it has none.
        dim: singular values kept; above the number of entities the rest are zeros.
        seed: of the random start of the decomposition.

    Returns:
        An encoder with the scorer "rescal", without reverse relations.

    Raises:
        ConfigError: `dim` is out of bounds.
        DataError: there is no fact.

    References:
        De Lathauwer et al., 2000, SIAM J. Matrix Anal. Appl. 21(4), section 4 (truncated
        higher-order SVD); Nickel et al., 2011, ICML 28, section 3 (start and update of R);
        Halko et al., 2011, arXiv:0909.4061, algorithm 5.1 (randomised SVD).

    >>> g = Graph.from_triples([("Vienna", "capital_of", "Austria"), ("Linz", "is_in", "Austria")])
    >>> factorise(g, dim=3).score_tails([0], [0]).argmax().item()
    1
    """
    encoder = GraphEncoder("rescal", graph, dim=dim, seed=seed, reciprocal=False)
    facts = _facts(graph)
    basis, values = _left_singular(_unfolded(facts, len(graph.entities)), dim=dim, seed=seed)
    products = values[:, None] * values
    shrink = products.sqrt() / (products + RIDGE * values[0] ** 2)
    h, r, t = torch.from_numpy(facts.copy()).T
    with torch.no_grad():
        encoder.entity_table.zero_()[:, : len(values)] = basis * values.sqrt()
        encoder.relation_table.zero_()
        for relation in range(len(graph.relations)):
            of = r == relation
            matrix = encoder.relation_table[relation].view(dim, dim)
            matrix[: len(values), : len(values)] = basis[h[of]].T @ basis[t[of]] * shrink
    return encoder


def _facts(graph: Graph) -> Ids:
    facts = graph.split("train") if "train" in graph.splits else graph.triples
    if not len(facts):
        raise DataError("graph must have at least one fact to factorise; it is empty.")
    return facts


def _unfolded(facts: Ids, num_entities: int) -> Tensor:
    """Return all X and X' side by side, `(entities, non-empty columns)` sparse."""
    h, r, t = facts.T
    keys = np.concatenate([2 * r * num_entities + t, (2 * r + 1) * num_entities + h])
    filled, columns = np.unique(keys, return_inverse=True)
    places = torch.from_numpy(np.stack([np.concatenate([h, t]), columns]))
    ones, size = torch.ones(len(keys)), (num_entities, len(filled))
    return torch.sparse_coo_tensor(places, ones, size, check_invariants=True).coalesce()


def _left_singular(matrix: Tensor, *, dim: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return left singular vectors `(entities, kept)` and values `(kept,)`, falling."""
    kept = min(dim, *matrix.shape)
    sampled = min(dim + OVERSAMPLING, *matrix.shape)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        basis, values, _ = torch.svd_lowrank(matrix, q=sampled, niter=ROUNDS)
    return basis[:, :kept], values[:kept]
