"""A progress bar on standard error for anything that takes over two seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

QUIET_S = 2.0


def track(items: Iterable[T], *, what: str, total: int | None = None) -> Iterator[T]:
    """Yield the items, showing a bar on a terminal once two seconds have passed.

    Args:
        items: what to go through.
        what: the words before the bar.
        total: how many there are; None asks `len(items)` where it has one.

    Yields:
        Each item, unchanged.

    >>> list(track([1, 2], what="counting"))
    [1, 2]
    """
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import Progress, TimeRemainingColumn

    size = total if total is not None else getattr(items, "__len__", lambda: None)()
    bar = Progress(
        *Progress.get_default_columns()[:-1],
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    started, shown, task = time.monotonic(), False, bar.add_task(what, total=size)
    try:
        for item in items:
            if not shown and time.monotonic() - started > QUIET_S:
                bar.start()
                shown = True
            yield item
            bar.advance(task)
    finally:
        if shown:
            bar.stop()
