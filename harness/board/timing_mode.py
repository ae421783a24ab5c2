"""Whether a virtual board counts time as silicon would, or only runs its firmware."""

from __future__ import annotations

from enum import StrEnum


class TimingMode(StrEnum):
    """What a rack entry asks of a virtual board."""

    AUTO = "auto"
    """Timed while the bench measures, functional otherwise."""
    TIMED = "timed"
    """Always timed: for firmware that measures itself."""
    FUNCTIONAL = "functional"
    """Never timed: the same outputs in less time; no cycles, latency or energy are reported."""
