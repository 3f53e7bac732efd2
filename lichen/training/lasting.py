"""What stays for many trainings, left out of the collections of garbage that each of them makes."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting() -> Iterator[None]:
    """Leave all objects that there are out of collections of garbage until the end.

    The Trainer collects once a run, which goes through every object there is, the modules of all
    libraries too: a fifth of a second, as long as a small run trains. What runs leave behind is
    still collected. Where objects were left out before, by `gc.freeze`, they stay so.
    """
    is_outermost = not gc.get_freeze_count()
    gc.freeze()
    try:
        yield
    finally:
        if is_outermost:
            gc.unfreeze()
