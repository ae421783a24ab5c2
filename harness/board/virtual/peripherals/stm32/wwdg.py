"""The window watchdog (RM0432 chapter 44, RM0385 28): resets the chip when refreshed too late, or too early."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.clock_tree import TickCounter
from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock
from harness.board.virtual.resets import ResetCause, Resets
from harness.board.virtual.scheduler import NEVER

_CR, _CFR, _SR = 0x00, 0x04, 0x08
_ACTIVE, _EARLY_INTERRUPT, _EARLY_FLAG = 1 << 7, 1 << 9, 1 << 0
_LAST, _DIVIDER = 0x40, 4096


class WindowWatchdog(RegisterBlock):
    """Counts CR.T down from up to 0x7F; below 0x40, or when written while above CFR.W, the chip is reset."""

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Options: `prescaler_bit` and `prescaler_bits`, of WDGTB in CFR: 7 and 2, or 11 and 3."""
        super().__init__(entry.name, entry.origin, entry.size, {_CR: 0x7F, _CFR: 0x7F})
        self._shift: Final = int(entry.options.get("prescaler_bit", 7))
        self._prescaler_mask: Final = (1 << int(entry.options.get("prescaler_bits", 2))) - 1
        self._resets: Final[Resets] = connections.resets
        self._counter: Final = TickCounter(connections.scheduler, connections.clocks, entry.clock)
        self._line: Final = connections.interrupts.line(entry.interrupts.get("", 0))
        self._warning: Final = connections.scheduler.alarm(lambda _cycle: self._warn())
        self._expiry: Final = connections.scheduler.alarm(lambda _cycle: self._expire())
        connections.clocks.listen(self._counter.settle, self._resume)

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._schedule()
        self._drive()

    def read(self, offset: int) -> int:
        """CR shows the counter."""
        value = super().read(offset)
        if offset == _CR and value & _ACTIVE:
            return _ACTIVE | (value & 0x7F) - self._counter.ticks() & 0x7F
        return value

    def write(self, offset: int, value: int) -> None:
        """A write to CR starts or refreshes; SR is cleared by a zero."""
        if offset == _CR:
            self._refresh(value)
        elif offset == _SR:
            super().write(_SR, self.stored(_SR) & value)
        else:
            super().write(offset, value)
            self._schedule()
        self._drive()

    def _refresh(self, value: int) -> None:
        active = self.stored(_CR) & _ACTIVE
        too_early = active and self.read(_CR) & 0x7F > self.stored(_CFR) & 0x7F
        super().write(_CR, value & 0xFF | active)
        prescaler = self.stored(_CFR) >> self._shift & self._prescaler_mask
        self._counter.set(0, _DIVIDER << prescaler)
        if too_early or (self.stored(_CR) & _ACTIVE and not value & _LAST):
            self._expire()
        self._schedule()

    def _schedule(self) -> None:
        control = self.stored(_CR)
        left = (control & 0x7F) - _LAST
        on = bool(control & _ACTIVE) and left >= 0
        self._warning.set(self._counter.cycle_of(left) if on else NEVER)
        self._expiry.set(self._counter.cycle_of(left + 1) if on else NEVER)

    def _warn(self) -> None:
        super().write(_SR, self.stored(_SR) | _EARLY_FLAG)
        self._drive()

    def _expire(self) -> None:
        self._resets.request(ResetCause.WINDOW_WATCHDOG)

    def _drive(self) -> None:
        self._line.drive(bool(self.stored(_CFR) & _EARLY_INTERRUPT and self.stored(_SR) & _EARLY_FLAG))

    def _resume(self) -> None:
        self._counter.resume()
        if self._warning.cycle != NEVER or self._expiry.cycle != NEVER:
            warned = self._warning.cycle == NEVER
            self._schedule()
            if warned:
                self._warning.cancel()


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """Options: `prescaler_bit`, `prescaler_bits`."""
    return WindowWatchdog(connections, entry)
