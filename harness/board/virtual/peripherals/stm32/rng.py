"""The random number generator (RM0432 chapter 33, RM0385 20): numbers at once, and the same ones on every run."""

from __future__ import annotations

from typing import Final

from harness.board.virtual.connections import Connections
from harness.board.virtual.family import PeripheralEntry
from harness.board.virtual.peripherals.register_block import RegisterBlock

_CR, _SR, _DR = 0x00, 0x04, 0x08
_RNGEN, _IE, _DRDY = 1 << 2, 1 << 3, 1 << 0
_SEED = 0x2545_F491


class RandomNumberGenerator(RegisterBlock):
    """A xorshift generator (Marsaglia, "Xorshift RNGs", 2003) seeded the same at every reset."""

    def __init__(self, connections: Connections, entry: PeripheralEntry) -> None:
        """Interrupt: a number is ready."""
        super().__init__(entry.name, entry.origin, entry.size)
        self._line: Final = connections.interrupts.line(entry.interrupts.get("", 0))
        self._state = _SEED

    def reset(self) -> None:
        """Off; the sequence begins anew."""
        super().reset()
        self._state = _SEED
        self._line.drive(False)

    def read(self, offset: int) -> int:
        """SR: a number is ready while on; DR: the next."""
        on = bool(self.stored(_CR) & _RNGEN)
        if offset == _SR:
            return _DRDY if on else 0
        if offset == _DR:
            return self._next() if on else 0
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        """Storage; errors never come up, so none is cleared."""
        if offset not in (_SR, _DR):
            super().write(offset, value)
            self._line.drive(self.stored(_CR) & (_RNGEN | _IE) == _RNGEN | _IE)

    def _next(self) -> int:
        state = self._state
        for shift in (13, -17, 5):
            state ^= (state << shift if shift > 0 else state >> -shift) & 0xFFFF_FFFF
        self._state = state
        return state


def build(connections: Connections, entry: PeripheralEntry) -> RegisterBlock:
    """No options."""
    return RandomNumberGenerator(connections, entry)
