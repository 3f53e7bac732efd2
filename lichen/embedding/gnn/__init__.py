"""Entity vectors computed from a graph's neighbourhoods by layers of a graph network.

`LAYERS` lists the layers by name without importing torch; `lichen.embedding.gnn.encoder` holds the
encoder that runs them under any scorer.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LAYERS: Mapping[str, str] = MappingProxyType(
    {
        "gat": "lichen.embedding.gnn.gat:GAT",
        "gcn": "lichen.embedding.gnn.gcn:GCN",
        "gin": "lichen.embedding.gnn.gin:GIN",
        "rgcn": "lichen.embedding.gnn.rgcn:RGCN",
        "sage": "lichen.embedding.gnn.sage:SAGE",
    }
)
"""Method name to "module:class"."""
