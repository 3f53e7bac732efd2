"""Text space and graph space to one another, two graphs to one another, and text to relations.

`ALIGNERS` lists the methods by name without importing torch;
`lichen.alignment.aligner.make_aligner` turns a name into the method.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ALIGNERS: Mapping[str, str] = MappingProxyType(
    {
        "contrastive": "lichen.alignment.contrastive:ContrastiveAligner",
        "linear": "lichen.alignment.linear:LinearAligner",
        "procrustes": "lichen.alignment.procrustes:ProcrustesAligner",
        "shared": "lichen.alignment.shared:SharedAligner",
    }
)
"""Method name to "module:class"."""
