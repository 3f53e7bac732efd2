"""What a format could not hold, said once a file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

log = logging.getLogger(__name__)


def warn_of_loss(
    path: Path, parts: Mapping[str, object], *, of: str = "the graph's", keeps: str = ".jsonl"
) -> None:
    """Log what was not kept; nothing when all was.

    Args:
        path: the file or folder written.
        parts: what the format has no place for, such as {"splits": graph.splits}; a part that
            is empty was not lost.
        of: whose parts they are.
        keeps: the formats that keep all.
    """
    lost = ", ".join(words for words, part in parts.items() if part)
    if lost:
        log.warning("%s: does not keep %s %s. Save as %s to keep all.", path, of, lost, keeps)
