"""The independent watchdog (RM0432 chapter 43, RM0385 27): resets the chip unless firmware keeps it from doing so."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.clock_tree import TickCounter
from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.resets import ResetCause, Resets

_KR, _PR, _RLR, _SR, _WINR = 0x00, 0x04, 0x08, 0x0C, 0x10
_RELOAD, _UNLOCK, _START = 0xAAAA, 0x5555, 0xCCCC
_LARGEST = 0xFFF


class IndependentWatchdog(RegisterBlock):
    """Counts LSI down from RLR; a reload above WINR resets too. Register updates are done at once (SR = 0)."""

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Counts the clock `iwdg`, or the one the entry names."""
        super().__init__(entry.name, entry.origin, entry.size, {_RLR: _LARGEST, _WINR: _LARGEST})
        self._resets: Final[Resets] = connections.resets
        self._counter: Final = TickCounter(connections.scheduler, connections.clocks, entry.clock or "iwdg")
        self._alarm: Final = connections.scheduler.alarm(lambda _cycle: self._expire())
        connections.clocks.listen(self._counter.settle, self._resume)
        self._running = self._unlocked = False
        self._loaded = 0

    def reset(self) -> None:
        """Stopped, until firmware starts it again."""
        super().reset()
        self._running = self._unlocked = False
        self._alarm.cancel()

    def read(self, offset: int) -> int:
        """KR reads 0."""
        return 0 if offset == _KR else super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Keys start, reload and unlock."""
        if offset == _KR:
            key = value & 0xFFFF
            self._unlocked = key == _UNLOCK
            if key in (_START, _RELOAD):
                self._reload(start=key == _START)
        elif offset != _SR and self._unlocked:
            super().write(offset, value & (0x7 if offset == _PR else _LARGEST))
            if offset == _WINR:
                self._reload(start=False)

    def _reload(self, *, start: bool) -> None:
        if self._running and self._loaded - self._counter.ticks() > self.stored(_WINR):
            self._expire()
        self._running = self._running or start
        if self._running:
            self._loaded = self.stored(_RLR)
            self._counter.set(0, 4 << min(self.stored(_PR), 6))
            self._resume_alarm()

    def _resume(self) -> None:
        self._counter.resume()
        if self._running:
            self._resume_alarm()

    def _resume_alarm(self) -> None:
        self._alarm.set(self._counter.cycle_of(self._loaded + 1))

    def _expire(self) -> None:
        self._resets.request(ResetCause.INDEPENDENT_WATCHDOG)


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """No options."""
    return IndependentWatchdog(connections, entry)
