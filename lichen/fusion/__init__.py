"""Text states and entity vectors to one: fusion operators, and the model that they make.

`FUSIONS` lists the methods by name without importing torch; `lichen.fusion.operator.make_fusion`
turns a name into the method.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FUSIONS: Mapping[str, str] = MappingProxyType(
    {
        "attention": "lichen.fusion.attention:AttentionFusion",
        "concat": "lichen.fusion.concat:ConcatFusion",
        "gate": "lichen.fusion.gate:GateFusion",
        "none": "lichen.fusion.none:NoFusion",
    }
)
"""Method name to "module:class"."""
