"""Several learners to one predictor: ensembles over text, graph and fused learners.

`ENSEMBLES` lists the methods by name without importing torch; `lichen.training.ensemble.fit`
turns a name into a fitted ensemble.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ENSEMBLES: Mapping[str, str] = MappingProxyType(
    {
        "bagging": "lichen.training.ensemble.bagging:bagging",
        "boosting": "lichen.training.ensemble.boosting:boosting",
        "stacking": "lichen.training.ensemble.stacking:stacking",
    }
)
"""Method name to "module:function"."""
