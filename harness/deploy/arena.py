"""Where in one static block of memory each buffer lies: a plan ahead of time, for buffers that live for some steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

ALIGNMENT = 16
"""Bytes; every buffer starts at a multiple of it. Wide enough for any load of any core."""


_MOST_IMPROVEMENTS = 40


@dataclass(frozen=True)
class Lifetime:
    """A buffer of `nbytes` that is in use from step `first` to step `last`, both included."""

    nbytes: int
    first: int
    last: int

    def meets(self, other: Lifetime) -> bool:
        return self.first <= other.last and other.first <= self.last

    @property
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
    starts = {buffer.first for buffer in buffers}
    return max((sum(b.rounded for b in buffers if b.first <= step <= b.last) for step in starts), default=0)


def plan_arena(buffers: Sequence[Lifetime]) -> Plan:
    """The smallest of several greedy plans: each places buffers in some order, at the lowest gap that fits.

    The orders are those of Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference"
    (arXiv:2001.03288): by size, and by the breadth of the widest step; and three by lifetime. Where none reaches the
    bound, each is improved: the buffer that came to lie on top is placed first, again and again.
    """
    bound = lower_bound(buffers)
    orders = [sorted(range(len(buffers)), key=order) for order in _orders(buffers)]
    best = min((_place(buffers, order) for order in orders), key=lambda plan: plan.nbytes)
    for order in orders:
        for _ in range(_MOST_IMPROVEMENTS):
            if best.nbytes == bound:
                return best
            plan = _place(buffers, order)
            best = min(best, plan, key=lambda each: each.nbytes)
            top = max(order, key=lambda n: plan.offsets[n] + buffers[n].rounded)
            order = [top, *(n for n in order if n != top)]
    return best


def _orders(buffers: Sequence[Lifetime]) -> tuple[Callable[[int], tuple[int, ...]], ...]:
    steps = {buffer.first for buffer in buffers}
    breadth = {step: sum(b.rounded for b in buffers if b.first <= step <= b.last) for step in steps}
    widest = [max(breadth[s] for s in steps if b.first <= s <= b.last) for b in buffers]
    return (
        lambda n: (-buffers[n].rounded, buffers[n].first),
        lambda n: (-widest[n], -buffers[n].rounded, buffers[n].first),
        lambda n: (-(buffers[n].last - buffers[n].first + 1) * buffers[n].rounded, buffers[n].first),
        lambda n: (buffers[n].first, -buffers[n].rounded),
        lambda n: (-buffers[n].last, -buffers[n].rounded),
    )


def _place(buffers: Sequence[Lifetime], order: Sequence[int]) -> Plan:
    offsets = [0] * len(buffers)
    placed: list[int] = []
    for n in order:
        offset = 0
        for other in sorted((p for p in placed if buffers[p].meets(buffers[n])), key=offsets.__getitem__):
            if offset + buffers[n].rounded <= offsets[other]:
                break
            offset = max(offset, offsets[other] + buffers[other].rounded)
        offsets[n] = offset
        placed.append(n)
    nbytes = max((offsets[n] + buffers[n].rounded for n in range(len(buffers))), default=0)
    return Plan(tuple(offsets), nbytes)
