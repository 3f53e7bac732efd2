"""Text states and entity vectors to one: fusion operators, and the model that they make.

`FUSIONS` lists the methods by name without importing torch; `lichen.fusion.operator.fusion_class`
turns a name into the method.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FUSIONS: Mapping[str, str] = MappingProxyType(
    {
        "adapter": "lichen.fusion.adapter:AdapterFusion",
        "add": "lichen.fusion.add:AddFusion",
        "attention": "lichen.fusion.attention:AttentionFusion",
        "concat": "lichen.fusion.concat:ConcatFusion",
        "dim_gate": "lichen.fusion.dim_gate:DimGateFusion",
        "entity_tokens": "lichen.fusion.entity_tokens:EntityTokenFusion",
        "gate": "lichen.fusion.gate:GateFusion",
        "input": "lichen.fusion.input:InputFusion",
        "interaction": "lichen.fusion.interaction:InteractionFusion",
        "neighbours": "lichen.fusion.neighbours:NeighbourFusion",
        "none": "lichen.fusion.none:NoFusion",
    }
)
"""Method name to "module:class"."""

EVERY = tuple(sorted(set(FUSIONS) - {"none"}))
"""The methods that read knowledge."""
