"""PyKEEN's models with weights beside their vectors, TuckER and ConvE: taken apart, and made."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from lichen.base.errors import ConfigError
from lichen.embedding.conve import KERNEL, ConvE
from lichen.embedding.encoder import GraphEncoder


class Parts(NamedTuple):
    """What an encoder is made of; relations still in PyKEEN's order."""

    scorer: str
    dim: int
    entities: Tensor
    relations: Tensor
    settings: Mapping[str, Any] = MappingProxyType({})
    own: Mapping[str, Tensor] = MappingProxyType({})
    """The scorer's own weights."""


class Plan(NamedTuple):
    """A PyKEEN model to make, and its tables."""

    model: str
    settings: dict[str, Any]
    entities: list[Tensor]
    relations: list[Tensor]
    own: Mapping[str, Tensor] = MappingProxyType({})
    """The interaction's own weights."""


def tables(model: Any) -> tuple[list[Tensor], list[Tensor]]:
    """Return the tables of entities and of relations of a PyKEEN model."""
    return (
        [part().detach().cpu() for part in model.entity_representations],
        [part().detach().cpu() for part in model.relation_representations],
    )


def formula_of(model: Any) -> Any:
    """Return a PyKEEN model's interaction without a clamp around it; a baseline has none."""
    interaction = getattr(model, "interaction", model)
    return getattr(interaction, "base", interaction)


def read_tucker(model: Any) -> Parts:
    """Take a TuckER apart; normalisation goes into a wider core."""
    (entities,), (relations,) = tables(model)
    made = formula_of(model)
    core = made.core_tensor.detach().cpu()
    if made.head_batch_norm is not None:
        core = _held(core, _affine(made.head_batch_norm), _affine(made.head_relation_batch_norm))
        entities, relations = (
            torch.cat([x, x.new_ones(len(x), 1)], 1) for x in (entities, relations)
        )
    settings = {"relation_dim": relations.shape[1]}
    return Parts("tucker", entities.shape[1], entities, relations, settings, {"core": core})


def _affine(norm: Any) -> tuple[Tensor, Tensor]:
    """Return what trained batch normalisation multiplies by, and what it adds."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return scale.detach().cpu(), (norm.bias - norm.running_mean * scale).detach().cpu()


def _held(core: Tensor, of_heads: tuple[Tensor, Tensor], of_both: tuple[Tensor, Tensor]) -> Tensor:
    """Return a core that holds normalisation, for vectors whose last number is 1.

    Args:
        core: `(dim, relation_dim, dim)`.
        of_heads: factor and summand of what heads become, `(dim,)` each.
        of_both: those of what heads and relations give together.
    """
    (scale, shift), (factor, summand) = of_heads, of_both
    whole = nn.functional.pad(core * scale[:, None, None] * factor, (0, 1, 0, 1, 0, 1))
    whole[-1, :-1, :-1] = torch.einsum("i,ikj->kj", shift, core) * factor
    whole[-1, -1, :-1] = summand
    return whole


def read_conve(model: Any) -> Parts:
    """Take a ConvE apart.

    Raises:
        ConfigError: our ConvE has no such setting.
    """
    (vectors, bias), (relations,) = tables(model)
    made, dim = formula_of(model), vectors.shape[1]
    shape = made.shape_info
    kernel = (shape.kernel_height, shape.kernel_width)
    if shape.input_channels != 1 or kernel != (KERNEL, KERNEL) or not model.use_inverse_triples:
        raise ConfigError(
            f"ConvE: must have one input channel, {KERNEL} x {KERNEL} kernels and inverse triples; "
            f"got {shape.input_channels}, {kernel[0]} x {kernel[1]} and "
            f"{'inverse' if model.use_inverse_triples else 'no inverse'} triples. Train such a one."
        )
    shares = [x.p for part in (made.hr2d, made.hr1d) for x in part if hasattr(x, "p")]
    names = ("input_dropout", "feature_dropout", "hidden_dropout")
    settings = {"filters": shape.output_channels, **dict(zip(names, shares, strict=True))}
    scorer = ConvE(dim, **settings)
    if (shape.image_height, shape.image_width) != (scorer.height, dim // scorer.height):
        raise ConfigError(
            f"ConvE: the image of an entity must be {scorer.height} x {dim // scorer.height}; got "
            f"{shape.image_height} x {shape.image_width}. Train with embedding_height="
            f"{scorer.height}."
        )
    for mine, theirs in ((scorer.image, made.hr2d), (scorer.projection, made.hr1d)):
        _copy_layers(mine, theirs)
    entities = torch.cat([vectors, bias.reshape(-1, 1)], dim=1)
    return Parts("conve", dim, entities, relations, settings, scorer.state_dict())


def _copy_layers(mine: nn.Sequential, theirs: nn.Sequential) -> None:
    """Copy weights layer by layer; a normalisation that is not there becomes one of no effect."""
    rest = list(theirs)
    for layer in mine:
        if isinstance(layer, _BatchNorm) and not isinstance(rest[0], _BatchNorm):
            nn.init.constant_(layer.weight, (1 + layer.eps) ** 0.5)
        else:
            layer.load_state_dict(rest.pop(0).state_dict())


def plan_conve(encoder: GraphEncoder, entities: Tensor, relations: Tensor) -> Plan:
    """Say what ConvE of PyKEEN's is an encoder's like."""
    scorer = encoder.scorer
    assert isinstance(scorer, ConvE)
    shares = [x.p for part in (scorer.image, scorer.projection) for x in part if hasattr(x, "p")]
    names = ("input_dropout", "feature_map_dropout", "output_dropout")
    settings = {
        "embedding_dim": encoder.dim,
        "embedding_height": scorer.height,
        "output_channels": scorer.filters,
        **dict(zip(names, shares, strict=True)),
    }
    theirs = {"image": "hr2d", "projection": "hr1d"}
    own = {}
    for name, tensor in scorer.state_dict().items():
        part, rest = name.split(".", 1)
        own[f"{theirs[part]}.{rest}"] = tensor
    return Plan("ConvE", settings, [entities[:, :-1], entities[:, -1]], [relations], own)


def plan_tucker(encoder: GraphEncoder, entities: Tensor, relations: Tensor) -> Plan:
    """Say what TuckER of PyKEEN's is an encoder's like."""
    settings = {
        "embedding_dim": encoder.dim,
        "relation_dim": relations.shape[1],
        "apply_batch_normalization": False,
    }
    own = {"core_tensor": encoder.scorer.state_dict()["core"]}
    return Plan("TuckER", settings, [entities], [relations], own)
