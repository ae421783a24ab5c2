"""The frequencies of a chip's clocks by name, and who has to know when they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from harness.board.virtual.scheduler import NEVER, Scheduler
from harness.board.virtual.virtual_time import VirtualTime

CORE: Final = "core"
"""The clock that core cycles count."""


class ClockTree:
    """Set by the family's clock controller, read by everything that keeps time."""

    def __init__(self, scheduler: Scheduler, time: VirtualTime) -> None:
        """Make a tree with the core clock alone; it is `time`'s."""
        self._scheduler: Final = scheduler
        self._time: Final = time
        self._frequencies: dict[str, int] = {CORE: time.hz}
        self._listeners: list[tuple[Callable[[], None], Callable[[], None]]] = []

    def hz(self, name: str) -> int:
        """A clock's frequency now; 0 when it stands still or there is no such clock."""
        return self._frequencies.get(name, 0)

    def listen(self, settle: Callable[[], None], resume: Callable[[], None]) -> None:
        """Have `settle` called before the frequencies change, to count time by the old ones, and `resume` after."""
        self._listeners.append((settle, resume))

    def update(self, frequencies: Mapping[str, int]) -> None:
        """The frequencies are these from now on, in Hz; the core clock is never 0."""
        if dict(frequencies) == self._frequencies:
            return
        for settle, _ in self._listeners:
            settle()
        self._frequencies = dict(frequencies)
        self._time.change(self._scheduler.now, self._frequencies[CORE])
        for _, resume in self._listeners:
            resume()


class TickCounter:
    """Counts the ticks of a clock since it was set, in whole ticks of exact length."""

    def __init__(self, scheduler: Scheduler, clocks: ClockTree, clock: str) -> None:
        """Count ticks of the clock of this name."""
        self._scheduler: Final = scheduler
        self._clocks: Final = clocks
        self._clock: Final = clock
        self.divider = 1
        self._base_cycle = self._base_ticks = self._remainder = 0
        self._old_unit = 1

    def set(self, ticks: int, divider: int) -> None:
        """Be at `ticks` now, and count one in `divider` periods of the clock."""
        self.divider = divider
        self._base_cycle, self._base_ticks, self._remainder = self._scheduler.now, ticks, 0

    def ticks(self) -> int:
        """How many by now."""
        return self._base_ticks + self._progress() // self._unit()

    def cycle_of(self, ticks: int) -> int:
        """The first cycle at which there are so many; `NEVER` while the clock stands still."""
        rate = self._clocks.hz(self._clock)
        if not rate:
            return NEVER
        missing = (ticks - self._base_ticks) * self._unit() - self._remainder
        return max(self._base_cycle, self._base_cycle - (-missing // rate))

    def settle(self) -> None:
        """Count up to now: the clock is about to change."""
        ticks, rest = divmod(self._progress(), self._unit())
        self._base_cycle, self._base_ticks = self._scheduler.now, self._base_ticks + ticks
        self._remainder, self._old_unit = rest, self._unit()

    def resume(self) -> None:
        """Go on with the clock as it is now, from the same fraction of a tick."""
        self._remainder = self._remainder * self._unit() // self._old_unit

    def _progress(self) -> int:
        elapsed = self._scheduler.now - self._base_cycle
        return elapsed * self._clocks.hz(self._clock) + self._remainder

    def _unit(self) -> int:
        """Cycles x Hz in one tick."""
        return self._clocks.hz(CORE) * self.divider
