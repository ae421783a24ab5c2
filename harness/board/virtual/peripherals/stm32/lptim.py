"""The low-power timer (RM0432 42, RM0385 24, RM0456 58): counts up to ARR, compares with CMP, keeps on in sleep."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.clock_tree import TickCounter
from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.scheduler import NEVER

_ISR, _ICR, _IER, _CFGR, _CR, _CMP, _ARR, _CNT = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x1C
_REPETITIONS = 0x28
_CMPM, _ARRM, _CMPOK, _ARROK, _REPOK, _DIEROK = 1 << 0, 1 << 1, 1 << 3, 1 << 4, 1 << 8, 1 << 24
_ENABLE, _SNGSTRT, _CNTSTRT = 1 << 0, 1 << 1, 1 << 2


class LowPowerTimer(RegisterBlock):
    """One timer on its internal clock; writes to CMP, ARR, and what else has a flag for it, are taken at once.

    The option `acknowledges` says that writes to the interrupt enables and the repetition counter have flags, too.
    """

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Count the clock of the entry."""
        super().__init__(entry.name, entry.origin, entry.size, {_ARR: 1})
        self._counter: Final = TickCounter(connections.scheduler, connections.clocks, entry.clock)
        self._line: Final = connections.interrupts.line(entry.interrupts.get("", 0))
        self._alarm: Final = connections.scheduler.alarm(lambda _cycle: self._update())
        connections.clocks.listen(self._settle, self._resume)
        others = {_IER: _DIEROK, _REPETITIONS: _REPOK} if entry.options.get("acknowledges") else {}
        self._taken: Final = {_CMP: _CMPOK, _ARR: _ARROK, **others}
        self._running = False
        self._seen = 0

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._running, self._seen = False, 0
        self._update()

    def read(self, offset: int) -> int:
        """Storage; CNT and ISR as they are now."""
        self._update()
        if offset == _CNT:
            return self._counter.ticks() % self._period() if self._running else 0
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Start, compare, clear flags."""
        self._update()
        if offset == _ICR:
            super().write(_ISR, self.stored(_ISR) & ~value)
        elif offset == _CR:
            self._control(value)
        elif offset in (_CMP, _ARR):
            position = self._counter.ticks() % self._period()
            super().write(offset, value & 0xFFFF)
            if self._running and offset == _ARR:
                self._begin(position)
        elif offset not in (_ISR, _CNT):
            super().write(offset, value)
        if flag := self._taken.get(offset):
            super().write(_ISR, self.stored(_ISR) | flag)
        self._update()

    def _control(self, value: int) -> None:
        super().write(_CR, value & _ENABLE)
        if not value & _ENABLE:
            self._running = False
        elif value & (_SNGSTRT | _CNTSTRT) and not self._running:
            self._running = True
            self._single = bool(value & _SNGSTRT)
            self._begin(0)

    def _begin(self, position: int) -> None:
        self._counter.set(position, 1 << (self.stored(_CFGR) >> 9 & 7))
        self._seen = position

    def _period(self) -> int:
        return self.stored(_ARR) + 1

    def _update(self) -> None:
        """Set the flags of what happened since the last look, and arrange for the next."""
        if self._running:
            now = self._counter.ticks()
            flags = sum(flag for flag, at in self._events() if (now - at) // self._period() > self._passed(at))
            self._seen = now
            super().write(_ISR, self.stored(_ISR) | flags)
            if flags & _ARRM and self._single:
                self._running = False
        enabled = self.stored(_IER)
        self._line.drive(bool(self.stored(_ISR) & enabled))
        due = [self._next(at) for flag, at in self._events() if enabled & flag] if self._running else []
        self._alarm.set(min(due, default=NEVER))

    def _events(self) -> tuple[tuple[int, int], ...]:
        """Flags, and the ticks within a period at which they are set.

        The manuals want CMP below ARR. That it matches when equal is what mbed OS's low-power ticker waits for.
        """
        compare, top = self.stored(_CMP), self.stored(_ARR)
        return ((_ARRM, top), (_CMPM, compare)) if compare <= top else ((_ARRM, top),)

    def _passed(self, at: int) -> int:
        return (self._seen - at) // self._period()

    def _next(self, at: int) -> int:
        return self._counter.cycle_of((self._passed(at) + 1) * self._period() + at)

    def _settle(self) -> None:
        self._update()
        self._counter.settle()

    def _resume(self) -> None:
        self._counter.resume()
        self._update()


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Option `acknowledges`: see `LowPowerTimer`."""
    return LowPowerTimer(connections, entry)
