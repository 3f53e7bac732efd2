"""Graph to vectors: scorers, their encoder, the trainer and link-prediction ranking.

`SCORERS` lists the methods by name without importing torch; `lichen.embedding.scorer.make_scorer`
turns a name into the method.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SCORERS: Mapping[str, str] = MappingProxyType(
    {
        "complex": "lichen.embedding.complex:ComplEx",
        "conve": "lichen.embedding.conve:ConvE",
        "cp": "lichen.embedding.cp:CP",
        "distmult": "lichen.embedding.distmult:DistMult",
        "rescal": "lichen.embedding.rescal:RESCAL",
        "rotate": "lichen.embedding.rotate:RotatE",
        "simple": "lichen.embedding.simple:SimplE",
        "transe": "lichen.embedding.transe:TransE",
        "tucker": "lichen.embedding.tucker:TuckER",
    }
)
"""Method name to "module:class"."""

ENCODERS: Mapping[str, str] = MappingProxyType(
    {
        "described-encoder": "lichen.embedding.described:DescribedEncoder",
        "graph-network": "lichen.embedding.gnn.encoder:GraphNetwork",
    }
)
"""Kind of a saved encoder that computes its vectors, to "module:class"."""
