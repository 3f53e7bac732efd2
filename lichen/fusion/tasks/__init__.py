"""What a fused model is trained for: samples to targets, a loss, predictions and their scores.

`TASKS` lists the tasks by name without importing torch; `lichen.fusion.tasks.task.make_task` makes
one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TASKS: Mapping[str, str] = MappingProxyType(
    {
        "choose": "lichen.fusion.tasks.choose:Choose",
        "classify": "lichen.fusion.tasks.classify:Classify",
        "span": "lichen.fusion.tasks.span:SpanAnswer",
        "tag": "lichen.fusion.tasks.tag:Tag",
    }
)
"""Task name to "module:class"."""
