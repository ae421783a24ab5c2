"""Where in one static block of memory each buffer lies: a plan ahead of time, for buffers that live for some steps."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

ALIGNMENT = 16
"""Bytes; every buffer starts at a multiple of it. Wide enough for any load of any core."""

_MOST_IMPROVEMENTS = 40
_MOST_MEETINGS = 4_000_000
"""Pairs of buffers to look at, of each order."""


@dataclass(frozen=True)
class Lifetime:
    """A buffer of `nbytes` that is in use from step `first` to step `last`, both included."""

    nbytes: int
    first: int
    last: int

    def meets(self, other: Lifetime) -> bool:
        return self.first <= other.last and other.first <= self.last

    @cached_property
    def rounded(self) -> int:
        """Size up to the next aligned address."""
        return -(-self.nbytes // ALIGNMENT) * ALIGNMENT


@dataclass(frozen=True)
class Plan:
    """An offset for each buffer, in the order given, and the size of the whole."""

    offsets: tuple[int, ...]
    nbytes: int


def lower_bound(buffers: Sequence[Lifetime]) -> int:
    """Bytes of the largest set of buffers alive at once, each rounded up to the alignment."""
    return max(_breadths(buffers).values(), default=0)


def _breadths(buffers: Sequence[Lifetime]) -> dict[int, int]:
    """Bytes alive at each step where something begins to live."""
    changes: dict[int, int] = defaultdict(int)
    for buffer in buffers:
        changes[buffer.first] += buffer.rounded
        changes[buffer.last + 1] -= buffer.rounded
    steps = sorted(changes)
    alive = dict(zip(steps, accumulate(changes[step] for step in steps), strict=True))
    return {buffer.first: alive[buffer.first] for buffer in buffers}


def plan_arena(buffers: Sequence[Lifetime]) -> Plan:
    """The smallest of several greedy plans: each places buffers in some order, at the lowest gap that fits.

    The orders are those of Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference"
    (arXiv:2001.03288): by size, and by the breadth of the widest step; and three by lifetime. Where none reaches the
    bound, each is improved: the buffer that came to lie on top is placed first, again and again. Of networks with
    thousands of buffers fewer times, so that planning takes seconds.
    """
    bound = lower_bound(buffers)
    meetings = _meetings(buffers)
    orders = [sorted(range(len(buffers)), key=order) for order in _orders(buffers)]
    best = min((_place(buffers, meetings, order) for order in orders), key=lambda plan: plan.nbytes)
    improvements = min(_MOST_IMPROVEMENTS, _MOST_MEETINGS // (1 + sum(map(len, meetings))))
    for order in orders:
        for _ in range(improvements):
            if best.nbytes == bound:
                return best
            plan = _place(buffers, meetings, order)
            best = min(best, plan, key=lambda each: each.nbytes)
            top = max(order, key=lambda n: plan.offsets[n] + buffers[n].rounded)
            order = [top, *(n for n in order if n != top)]
    return best


def _meetings(buffers: Sequence[Lifetime]) -> list[list[int]]:
    """Which others are alive together with each."""
    found: list[list[int]] = [[] for _ in buffers]
    alive: list[int] = []
    for n in sorted(range(len(buffers)), key=lambda n: buffers[n].first):
        alive = [other for other in alive if buffers[other].meets(buffers[n])]
        for other in alive:
            found[n].append(other)
            found[other].append(n)
        alive.append(n)
    return found


def _orders(buffers: Sequence[Lifetime]) -> tuple[Callable[[int], tuple[int, ...]], ...]:
    breadths = sorted(_breadths(buffers).items())
    steps = [step for step, _ in breadths]
    widest = [
        max(breadth for _, breadth in breadths[bisect_left(steps, b.first) : bisect_right(steps, b.last)])
        for b in buffers
    ]
    return (
        lambda n: (-buffers[n].rounded, buffers[n].first),
        lambda n: (-widest[n], -buffers[n].rounded, buffers[n].first),
        lambda n: (-(buffers[n].last - buffers[n].first + 1) * buffers[n].rounded, buffers[n].first),
        lambda n: (buffers[n].first, -buffers[n].rounded),
        lambda n: (-buffers[n].last, -buffers[n].rounded),
    )


def _place(buffers: Sequence[Lifetime], meetings: Sequence[Sequence[int]], order: Sequence[int]) -> Plan:
    offsets = [-1] * len(buffers)
    for n in order:
        offset = 0
        for other in sorted((m for m in meetings[n] if offsets[m] >= 0), key=offsets.__getitem__):
            if offset + buffers[n].rounded <= offsets[other]:
                break
            offset = max(offset, offsets[other] + buffers[other].rounded)
        offsets[n] = offset
    nbytes = max((offsets[n] + buffers[n].rounded for n in range(len(buffers))), default=0)
    return Plan(tuple(offsets), nbytes)
