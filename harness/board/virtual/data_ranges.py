"""Which data a core's level 1 cache may hold, as its memory protection unit says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from harness.board.spec import MemoryBank
from harness.board.virtual.memory_protection import MemoryProtection


class DataRange(NamedTuple):
    """Addresses whose data is not kept as usual.

    Attributes:
        cached: reads that miss fetch a line.
        allocates: stores that miss do, too.
    """

    origin: int
    size: int
    cached: bool
    allocates: bool


def special_ranges(protection: MemoryProtection, banks: Iterable[MemoryBank]) -> list[DataRange]:
    """The parts of these banks whose data is not cached, or where stores that miss fetch no line; none while it is off.

    The Cortex-M7 caches no shareable memory (its TRM, 5.2.1).
    """
    if not protection.enabled:
        return []
    found = (one for bank in banks for one in _pieces(protection, bank.origin, bank.origin + bank.size))
    return [one for one in _merged(found) if not (one.cached and one.allocates)]


def _pieces(protection: MemoryProtection, start: int, end: int) -> Iterator[DataRange]:
    """A bank, cut where regions or their parts begin and end."""
    cuts = sorted({start, end, *(one for one in protection.bounds() if start < one < end)})
    for origin, behind in pairwise(cuts):
        kind = protection.memory_attributes(origin)
        cached = kind.cacheable and not kind.shareable
        yield DataRange(origin, behind - origin, cached, cached and kind.write_allocate)


def _merged(pieces: Iterable[DataRange]) -> Iterator[DataRange]:
    last: DataRange | None = None
    for one in pieces:
        if last and last.origin + last.size == one.origin and last[2:] == (one.cached, one.allocates):
            last = DataRange(last.origin, last.size + one.size, one.cached, one.allocates)
        else:
            if last:
                yield last
            last = one
    if last:
        yield last
