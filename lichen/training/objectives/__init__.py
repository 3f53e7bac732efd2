"""What a language model is pretrained on, one file an objective; a run weighs several.

`OBJECTIVES` lists them by name without importing torch; `lichen.training.objectives.objective`
holds what they share and turns a name into the objective.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OBJECTIVES: Mapping[str, str] = MappingProxyType(
    {
        "contrastive": "lichen.training.objectives.contrastive:ContrastiveEntities",
        "entity": "lichen.training.objectives.entity:MaskedEntities",
        "fact": "lichen.training.objectives.fact:MaskedFacts",
        "mask": "lichen.training.objectives.mask:MaskedWords",
        "relation": "lichen.training.objectives.relation:RelationClassification",
        "triple": "lichen.training.objectives.triple:TripleScoring",
        "typing": "lichen.training.objectives.entity_typing:EntityTyping",
    }
)
"""Objective name to "module:class"."""
