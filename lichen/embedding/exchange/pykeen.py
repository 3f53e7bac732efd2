"""PyKEEN's trained models to encoders with the same scores, and back.

PyKEEN numbers a relation and its inverse 2 r and 2 r + 1; an encoder keeps all reverses after all
relations. Complex numbers are interleaved there and two halves here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lichen.base import check
from lichen.base.choose import choose
from lichen.base.errors import ConfigError, DataError
from lichen.base.extras import need
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.exchange.pykeen_triples import labels_of
from lichen.embedding.exchange.pykeen_weights import (
    Parts,
    Plan,
    formula_of,
    plan_conve,
    plan_tucker,
    read_conve,
    read_tucker,
    tables,
)

COMPARED = 64
"""Random facts by which `from_pykeen` makes sure that both score alike."""
TOLERANCE = 1e-4
"""Largest difference of two scores, as a part of the largest score."""


@torch.no_grad()
def from_pykeen(model: Any, triples_factory: Any) -> GraphEncoder:
    """Return an encoder that scores facts as a PyKEEN model does.

    Taken over are ComplEx, CP, DistMult, RESCAL, RotatE, SimplE, TransE and TuckER with and
    without inverse triples, and ConvE with them. PyKEEN's SimplE (1.11) does not cross an
    entity's two vectors, so that it is a DistMult of twice the width, and becomes one. Its
    RotatE takes the Euclidean distance. A TuckER with batch normalisation becomes one without,
    of a number more an entity and a relation, with what its normalisation had come to.

    Args:
        model: a `pykeen.models.Model`.
        triples_factory: the `TriplesFactory` it was trained with; its labels are read.

    Returns:
        The encoder; its ids are the factory's, its scores the model's before any sigmoid.

    Raises:
        ChoiceError: Lichen has no scorer for this model.
        ConfigError: it is no PyKEEN model, or one with a setting that the scorer lacks.
        DataError: the factory does not fit the model, or scores differ all the same.
        MissingExtraError: pykeen is not installed.
    """
    known = need("pykeen.models", extra="pykeen", why="from_pykeen").Model
    check.kind("from_pykeen: model", model, known, fix="Give a trained pykeen.models.Model.")
    labels = labels_of(triples_factory)
    expected = (len(labels.entities), len(labels.relations))
    if expected != (model.num_entities, model.num_real_relations):
        raise DataError(
            f"triples_factory must have the model's {model.num_entities} entities and "
            f"{model.num_real_relations} relations; got {expected[0]} and {expected[1]}. Pass the "
            "one that it was trained with."
        )
    name = type(formula_of(model)).__name__.removesuffix("Interaction")
    found = choose("PyKEEN model", name, _READERS)(model)
    encoder = GraphEncoder(
        found.scorer,
        labels,
        dim=found.dim,
        reciprocal=bool(model.use_inverse_triples),
        **found.settings,
    )
    step = 2 if encoder.reciprocal else 1
    encoder.scorer.load_state_dict(found.own)
    encoder.entity_table.copy_(found.entities)
    encoder.relation_table.copy_(torch.cat([found.relations[i::step] for i in range(step)]))
    _refuse_difference(encoder, model)
    return encoder


@torch.no_grad()
def to_pykeen(encoder: GraphEncoder) -> Any:
    """Return a PyKEEN model that scores facts as an encoder does.

    Reciprocal relations become PyKEEN's inverse triples, so that `predict_h` gives
    `score_heads`. `SimplE` becomes a CP of twice the width, since PyKEEN's SimplE (1.11) does
    not cross an entity's two vectors.

    Args:
        encoder: of complex, conve, cp, distmult, rescal, rotate (Euclidean), simple, transe or
            tucker.

    Returns:
        A `pykeen.models.Model` in evaluation mode.

    Raises:
        ChoiceError: PyKEEN has no model for this scorer.
        ConfigError: nor for its settings; or it is no encoder.
        MissingExtraError: pykeen is not installed.
    """
    fix = "PyKEEN holds vectors under a formula: give a GraphEncoder, such as a prior's ranker."
    check.kind("to_pykeen: encoder", encoder, GraphEncoder, fix=fix)
    plan_of = choose("scorer", encoder.scorer_name, _PLANS)
    models = need("pykeen.models", extra="pykeen", why="to_pykeen")
    triples = need("pykeen.triples", extra="pykeen", why="to_pykeen")
    sizes = triples.KGInfo(
        num_entities=encoder.num_entities,
        num_relations=encoder.num_relations,
        create_inverse_triples=encoder.reciprocal,
    )
    relations = encoder.relation_table.detach().cpu()
    if encoder.reciprocal:
        relations = torch.stack(relations.chunk(2), dim=1).flatten(0, 1)
    plan = plan_of(encoder, encoder.vectors().cpu(), relations)
    model = getattr(models, plan.model)(triples_factory=sizes, **plan.settings)
    if plan.own:
        model.interaction.load_state_dict(plan.own)
    for parts, found in (
        (model.entity_representations, plan.entities),
        (model.relation_representations, plan.relations),
    ):
        for part, table in zip(parts, found, strict=True):
            weight = next(part.parameters())
            weight.copy_(table.reshape(weight.shape))
    return model.eval()


def _refuse_difference(encoder: GraphEncoder, model: Any) -> None:
    """Compare scores of random facts, which also finds dropouts, clamps and the like."""
    draw = torch.Generator().manual_seed(0)
    h, t = torch.randint(encoder.num_entities, (2, COMPARED), generator=draw)
    r = torch.randint(encoder.num_relations, (COMPARED,), generator=draw)
    was_training = model.training
    model.eval()
    step = 2 if encoder.reciprocal else 1
    pairs = [(encoder.score(h, r, t), torch.stack([h, step * r, t], dim=1))]
    if encoder.reciprocal:
        reverse = encoder.relation_table[encoder.num_relations :][r]
        own = encoder.scorer.score(encoder.vectors(t), reverse, encoder.vectors(h))
        pairs.append((own, torch.stack([t, step * r + 1, h], dim=1)))
    for own, facts in pairs:
        theirs = model.score_hrt(facts.to(model.device)).squeeze(-1).cpu()
        gap = float((own - theirs).abs().max())
        if not gap <= TOLERANCE * max(1.0, float(theirs.abs().max())):
            raise DataError(
                f"{type(model).__name__}: the encoder must score facts as the PyKEEN model does; "
                f"scores differ by up to {gap:.2g}. The model computes something beside its "
                "formula, such as a clamp, which Lichen cannot hold."
            )
    model.train(was_training)


def _halves(numbers: Tensor) -> Tensor:
    """Return complex numbers as real parts, then imaginary parts."""
    return torch.cat([numbers.real, numbers.imag], dim=-1)


def _interleaved(halves: Tensor) -> Tensor:
    """Return real parts and imaginary parts in turn."""
    return torch.stack(halves.chunk(2, dim=-1), dim=-1).flatten(-2)


def _read_complex(model: Any) -> Parts:
    (entities,), (relations,) = tables(model)
    return Parts("complex", 2 * entities.shape[1], _halves(entities), _halves(relations))


def _read_cp(model: Any) -> Parts:
    sides, (relations,) = tables(model)
    head, tail = (side.flatten(1) for side in sides)
    return Parts("cp", head.shape[1], torch.cat([head, tail], dim=1), relations.flatten(1))


def _read_distmult(model: Any) -> Parts:
    (entities,), (relations,) = tables(model)
    return Parts("distmult", entities.shape[1], entities, relations)


def _read_rescal(model: Any) -> Parts:
    (entities,), (relations,) = tables(model)
    return Parts("rescal", entities.shape[1], entities, relations.flatten(1))


def _read_rotate(model: Any) -> Parts:
    (entities,), (relations,) = tables(model)
    settings = {"distance": "euclidean"}
    return Parts("rotate", 2 * entities.shape[1], _halves(entities), relations.angle(), settings)


def _read_simple(model: Any) -> Parts:
    entities, relations = (torch.cat(tables, dim=1) for tables in tables(model))
    return Parts("distmult", entities.shape[1], entities, relations / 2)


def _read_transe(model: Any) -> Parts:
    p, is_power = model.interaction.p, model.interaction.power_norm
    if p not in (1, 2):
        raise ConfigError(
            f"TransE: scoring_fct_norm must be 1 or 2; got {p}. Lichen has no such distance."
        )
    (entities,), (relations,) = tables(model)
    settings = {"norm": int(p), "squared": bool(is_power and p == 2)}
    return Parts("transe", entities.shape[1], entities, relations, settings)


_READERS: dict[str, Callable[[Any], Parts]] = {
    "CP": _read_cp,
    "ComplEx": _read_complex,
    "ConvE": read_conve,
    "DistMult": _read_distmult,
    "RESCAL": _read_rescal,
    "RotatE": _read_rotate,
    "SimplE": _read_simple,
    "TransE": _read_transe,
    "TuckER": read_tucker,
}
"""PyKEEN interaction to the function that takes a model apart."""


def _plan_complex(encoder: GraphEncoder, entities: Tensor, relations: Tensor) -> Plan:
    settings = {"embedding_dim": encoder.dim // 2}
    return Plan("ComplEx", settings, [_interleaved(entities)], [_interleaved(relations)])


def _plan_cp(encoder: GraphEncoder, entities: Tensor, relations: Tensor) -> Plan:
    settings = {"embedding_dim": encoder.dim, "rank": 1}
    return Plan("CP", settings, list(entities.chunk(2, dim=1)), [relations])


def _plan_distmult(encoder: GraphEncoder, entities: Tensor, relations: Tensor) -> Plan:
    return Plan("DistMult", {"embedding_dim": encoder.dim}, [entities], [relations])


def _plan_rescal(encoder: GraphEncoder, entities: Tensor, relations: Tensor) -> Plan:
    return Plan("RESCAL", {"embedding_dim": encoder.dim}, [entities], [relations])


def _plan_rotate(encoder: GraphEncoder, entities: Tensor, relations: Tensor) -> Plan:
    distance = encoder.settings.get("distance", "moduli")
    if distance != "euclidean":
        raise ConfigError(
            f"rotate: distance must be 'euclidean' to be a PyKEEN model, which has no other; got "
            f"{distance!r}. Train with distance='euclidean' to exchange it."
        )
    turned = torch.cat([relations.cos(), relations.sin()], dim=1)
    settings = {"embedding_dim": encoder.dim // 2}
    return Plan("RotatE", settings, [_interleaved(entities)], [_interleaved(turned)])


def _plan_simple(encoder: GraphEncoder, entities: Tensor, relations: Tensor) -> Plan:
    head, tail = entities.chunk(2, dim=1)
    sides = [entities, torch.cat([tail, head], dim=1)]
    return Plan("CP", {"embedding_dim": 2 * encoder.dim, "rank": 1}, sides, [relations / 2])


def _plan_transe(encoder: GraphEncoder, entities: Tensor, relations: Tensor) -> Plan:
    settings = {
        "embedding_dim": encoder.dim,
        "scoring_fct_norm": encoder.settings.get("norm", 1),
        "power_norm": encoder.settings.get("squared", False),
    }
    return Plan("TransE", settings, [entities], [relations])


_PLANS: dict[str, Callable[[GraphEncoder, Tensor, Tensor], Plan]] = {
    "complex": _plan_complex,
    "conve": plan_conve,
    "cp": _plan_cp,
    "distmult": _plan_distmult,
    "rescal": _plan_rescal,
    "rotate": _plan_rotate,
    "simple": _plan_simple,
    "transe": _plan_transe,
    "tucker": plan_tucker,
}
"""Scorer to the function that says what PyKEEN model is its like."""
