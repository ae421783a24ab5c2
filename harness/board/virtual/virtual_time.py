"""Seconds of virtual time: core cycles, each as long as the core's clock was at that moment."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_KEPT_CHANGES = 4096


@dataclass(frozen=True)
class _Span:
    """From this cycle on the core runs at `hz`."""

    cycle: int
    seconds: float
    hz: int


class VirtualTime:
    """Maps cycles to seconds, piece by piece: the clock changes when firmware sets up its PLL.

    The last 4096 changes are kept; times before them are reckoned with the oldest.
    """

    def __init__(self, hz: int) -> None:
        """Begin at cycle 0 with a core clock of `hz`."""
        self._spans: Final = [_Span(0, 0.0, hz)]

    @property
    def hz(self) -> int:
        """The core clock now."""
        return self._spans[-1].hz

    def change(self, cycle: int, hz: int) -> None:
        """The core clock is `hz` from this cycle on; it is not before that of the last change."""
        if hz == self.hz:
            return
        self._spans.append(_Span(cycle, self.seconds(cycle), hz))
        if len(self._spans) > _KEPT_CHANGES:
            del self._spans[: _KEPT_CHANGES // 2]

    def seconds(self, cycle: int) -> float:
        """When a cycle begins, in seconds since power on."""
        index = bisect_right(self._spans, cycle, key=lambda span: span.cycle) - 1
        span = self._spans[max(index, 0)]
        return span.seconds + (cycle - span.cycle) / span.hz

    def between(self, first: int, last: int) -> float:
        """Seconds from one cycle to a later one; as exact within one clock as a division is."""
        index = bisect_right(self._spans, first, key=lambda span: span.cycle) - 1
        total, begin = 0.0, first
        for span, following in pairwise([*self._spans[max(index, 0) :], _Span(last, 0.0, self.hz)]):
            end = min(last, following.cycle)
            if end > begin:
                total += (end - begin) / span.hz
                begin = end
        return total

    def cycles(self, seconds: float) -> int:
        """How many cycles so many seconds take with the clock of now."""
        return int(seconds * self.hz)
