"""Figures in words: shares, differences and p-values as tables and headlines write them."""

from __future__ import annotations


def percent(share: float, *, sign: str = "%") -> str:
    """Return a share in per cent.

    >>> percent(0.9134), percent(0.5, sign="")
    ('91.3%', '50.0')
    """
    return f"{100 * share:.1f}{sign}"


def points(difference: float) -> str:
    """Return a difference of shares in points, signed.

    >>> points(0.123), points(-0.004)
    ('+12.3', '−0.4')
    """
    return f"{100 * difference:+.1f}".replace("-", "−")


def p_text(p_value: float) -> str:
    """Return a p-value in words.

    >>> p_text(0.0421), p_text(1e-4)
    ('p = 0.042', 'p < 0.001')
    """
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
