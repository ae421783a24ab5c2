"""Where a machine's cycles go: by basic block and by cause, over spans of its run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from harness.board.virtual.block_clock import BlockClock
from harness.board.virtual.machine import Machine

_NEGATIVE = 1 << 63


@dataclass(frozen=True)
class BlockCycles:
    """What the runs of one basic block took.

    Attributes:
        address: where the block begins.
        causes: cycles by what they went to.
        unresolved: accesses whose address could not be told ahead, so that what memory made of them is not counted.
    """

    address: int
    causes: Mapping[str, int]
    unresolved: int


@dataclass(frozen=True)
class CycleSpan:
    """A span of a machine's run.

    Attributes:
        cycles: that passed, whatever for.
        blocks: what was run; the rest of the cycles went to exceptions, sleep, and loops that waited for a peripheral.
        caches: hits and misses, by the name of the cache.
    """

    cycles: int
    blocks: tuple[BlockCycles, ...]
    caches: Mapping[str, tuple[int, int]]


class CycleProfile:
    """Profiles one machine from now on; it must be timed."""

    def __init__(self, machine: Machine) -> None:
        """Begin the first span."""
        self._clock: Final = machine.chip.engine.clock
        self._memory: Final = machine.chip.memory_timing
        self._begin()

    def cut(self) -> CycleSpan:
        """End the span, and begin the next; may be called from a hook on an instruction."""
        caches = {
            name: (hits - self._caches.get(name, (0, 0))[0], misses - self._caches.get(name, (0, 0))[1])
            for name, (hits, misses) in self._memory.counts().items()
        }
        span = CycleSpan(
            int(self._clock.state.cycles) - self._since,
            tuple(_block_cycles(self._clock)),
            {name: counts for name, counts in caches.items() if any(counts)},
        )
        self._begin()
        return span

    def stop(self) -> None:
        """Profile no more."""
        self._clock.profile(False)

    def _begin(self) -> None:
        self._clock.profile(True)
        self._since = int(self._clock.state.cycles)
        self._caches = self._memory.counts()


def _block_cycles(clock: BlockClock) -> Iterator[BlockCycles]:
    """Every block's cycles: its own, what it found in the pipeline, and what memory and operands made of it."""
    alone: dict[tuple[int, int], Mapping[str, int]] = {}
    causes: dict[tuple[int, int], Counter[str]] = {}
    carried: Counter[tuple[int, int]] = Counter()
    unresolved: Counter[tuple[int, int]] = Counter()
    for address, size, cost, profile in clock.profiled():
        key = address, size
        alone[key], carried[key], unresolved[key] = cost.causes, profile.carried, profile.unresolved
        causes[key] = Counter({cause: cycles * profile.runs for cause, cycles in cost.causes.items()})
        causes[key].update(
            {"branches": profile.transition, "fetch stalls": profile.fetch, "data stalls": profile.data}
            | {"divide": _signed(profile.divide)}
        )
    for address, size, cost, runs in clock.profiled_entries():
        key = address, size
        for cause in {*cost.causes, *alone[key]}:
            more = (cost.causes.get(cause, 0) - alone[key].get(cause, 0)) * runs
            causes[key][cause] += more
            carried[key] -= more
    for key, counter in causes.items():
        # The table of what was found in the pipeline may have been emptied in between.
        counter["issue"] += carried[key]
        yield BlockCycles(key[0], {cause: cycles for cause, cycles in counter.items() if cycles}, unresolved[key])


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= _NEGATIVE else value
