"""Exchange partners among items so that none keeps its own and every exchange fits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

IDLE_PASSES = 3
TRIES = 40


def exchange(
    size: int, fits: Callable[[int, int], bool], rng: np.random.Generator
) -> dict[int, int]:
    """Give each item another's partner; the given partners are those of the items kept.

    The result is a permutation of the kept items, so how often each partner occurs is the same
    before and after. It is found by random exchanges; an item that fits nowhere is left out.

    Args:
        size: how many items; item i starts with partner i.
        fits: whether item i may have the partner of item j; never asked with i = j.
        rng: decides.

    Returns:
        Item kept to the item whose partner it gets.

    >>> got = exchange(6, lambda i, j: (i - j) % 2 == 1, np.random.default_rng(0))
    >>> sorted(got) == sorted(got.values()), all((i - j) % 2 for i, j in got.items())
    (True, True)
    """
    items = rng.permutation(size)
    given = dict(zip(items.tolist(), np.roll(items, 1).tolist(), strict=True))
    while wrong := _settle(given, fits, rng):
        taker = {j: i for i, j in given.items()}
        for i in wrong[: max(1, len(wrong) // 8)]:
            j, k = given.pop(i), taker.pop(i)
            if k != i:
                given[k], taker[j] = j, k
    return given


def _settle(
    given: dict[int, int], fits: Callable[[int, int], bool], rng: np.random.Generator
) -> list[int]:
    """Swap partners in place until all fit or passes stop helping; return the items still wrong."""

    def good(i: int, j: int) -> bool:
        return i != j and fits(i, j)

    items = np.array(list(given), dtype=np.int64)
    wrong = [i for i, j in given.items() if not good(i, j)]
    fewest, idle = len(wrong), 0
    while wrong and idle < IDLE_PASSES:
        for i in wrong:
            for k in rng.choice(items, TRIES).tolist():
                mine, yours = given[i], given[k]
                if good(i, yours) and good(k, mine):
                    given[i], given[k] = yours, mine
                    break
        wrong = [i for i in wrong if not good(i, given[i])]
        idle = 0 if len(wrong) < fewest else idle + 1
        fewest = min(fewest, len(wrong))
    return wrong
