"""Resident memory of this process (Linux, glibc), for ours and for peers: Python alone."""

from __future__ import annotations

import ctypes
from pathlib import Path


def fresh_peak() -> float:
    """Give back what is free, forget the largest resident memory so far; return that of now in MB.

    What was freed before would else hide as much that is asked for afterwards.
    """
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    return memory_mb("VmRSS")


def memory_mb(what: str) -> float:
    """Return resident memory in MB: VmRSS is now, VmHWM the largest since `fresh_peak`."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024
