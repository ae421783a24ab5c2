"""What happens at exact cycles: timers, frames on a wire, transfers, watchdogs."""

from __future__ import annotations

import ctypes
import heapq
from collections.abc import Callable
from typing import Final, Protocol

NEVER: Final = 2**64 - 1
_STALE_ENTRIES = 256


class ClockRegisters(Protocol):
    """What the scheduler needs of the core's clock (`ClockState`)."""

    cycles: int
    """The virtual time."""
    deadline: int
    """The cycle at which the code that runs is stopped, at the next basic block."""
    last: int
    """A number for the basic block that runs."""


class Alarm:
    """An action at a cycle, to be set and cancelled any number of times.

    Attributes:
        cycle: when it is due; `NEVER` while it is not set.
    """

    def __init__(self, scheduler: Scheduler, order: int, action: Callable[[int], None]) -> None:
        """Made by `Scheduler.alarm`."""
        self._scheduler: Final = scheduler
        self.order: Final = order
        self.action: Final = action
        self.cycle: int = NEVER

    def set(self, cycle: int) -> None:
        """Make it due at this cycle, and no other; one that has passed is due at once."""
        if cycle != self.cycle:
            self.cycle = cycle
            self._scheduler.changed(self)

    def cancel(self) -> None:
        """Make it not due."""
        self.set(NEVER)


class Scheduler:
    """Alarms in the order of their cycles, and within a cycle in the order in which they were made.

    An action is called with the exact cycle it was due at, at the first look at the clock from then on: the end of the
    basic block, or an access to a register. Both are the same on every run, however it is cut into slices.

    Attributes:
        horizon: the cycle of the next alarm, shared with native code.
    """

    def __init__(self, clock: ClockRegisters) -> None:
        """Schedule in the time of a clock."""
        self._clock: Final = clock
        self._heap: list[tuple[int, int, Alarm]] = []
        self._alarms = 0
        self.horizon: Final = ctypes.c_uint64(NEVER)

    @property
    def now(self) -> int:
        """The virtual time in core cycles."""
        return int(self._clock.cycles)

    @property
    def place(self) -> int:
        """A number for the piece of code that runs: the same one has the same."""
        return int(self._clock.last)

    @property
    def next(self) -> int:
        """The cycle of the next alarm; `NEVER` where there is none."""
        return self.horizon.value

    def alarm(self, action: Callable[[int], None]) -> Alarm:
        """A new alarm, not set; its action gets the cycle that it was set to."""
        self._alarms += 1
        return Alarm(self, self._alarms, action)

    def run_due(self) -> None:
        """Call what is due by now."""
        while self.horizon.value <= self._clock.cycles:
            cycle, _, alarm = heapq.heappop(self._heap)
            due = alarm.cycle == cycle
            if due:
                alarm.cycle = NEVER
            # First: an action may access registers, and so come here itself.
            self._look_ahead()
            if due:
                alarm.action(cycle)

    def skip_to(self, cycle: int) -> None:
        """Let time pass up to a cycle, or only to the next alarm, and call what is due then.

        For loops that wait for a register to change: nothing else can happen in between. Where nothing is to happen at
        all, no time passes.
        """
        target = min(cycle, self.horizon.value)
        if target != NEVER:
            self._clock.cycles = max(self._clock.cycles, target)
        self.run_due()

    def changed(self, alarm: Alarm) -> None:
        """Take note of an alarm's new cycle."""
        if alarm.cycle != NEVER:
            heapq.heappush(self._heap, (alarm.cycle, alarm.order, alarm))
        if len(self._heap) > _STALE_ENTRIES + 2 * self._alarms:
            self._heap = [entry for entry in set(self._heap) if entry[2].cycle == entry[0]]
            heapq.heapify(self._heap)
        self._look_ahead()
        # Code that runs stops in time for it.
        self._clock.deadline = min(self._clock.deadline, self.horizon.value)

    def _look_ahead(self) -> None:
        """Drop entries of alarms that were set anew, and show when the next one is due."""
        while self._heap and self._heap[0][2].cycle != self._heap[0][0]:
            heapq.heappop(self._heap)
        self.horizon.value = self._heap[0][0] if self._heap else NEVER
